"""The table of access beside the REST API: pages and their forms, streams, uploads, screens, sign-in, the directory."""

from tests.access.rows import ANYONE, ANYWHERE, OWN, SECRET, SIGNED_IN, Row, row

VERSION = "C/galleries/images/versions"


def _rows(says: str, *routes: str, also: tuple[int, ...] = ()) -> tuple[Row, ...]:
    return tuple(row(route, says, *also) for route in routes)


PEOPLE = (
    *_rows(SIGNED_IN, "web_home", "web_me", "web_my_other_sessions", "web_sign_out", "web_my_calendar"),
    row("web_my_calendar_end", SIGNED_IN),
    row("web_my_password", SIGNED_IN, 400),
    row("web_my_session", SIGNED_IN, 404),
    *_rows(ANYONE, "web_sign_in", "web_language"),
    row("web_signed_in", ANYONE, 401, 429),
    *_rows(SECRET, "web_welcome", "web_welcomed", "web_calendar"),
    *_rows("A/roleAssignments/read @sub", "web_people", "web_person"),
    *_rows(
        "A/roleAssignments/write @sub",
        "web_people_ask_new",
        "web_people_new",
        "web_people_ask_new_program",
        "web_people_new_program",
        "web_person_give_role",
        "web_person_password",
        "web_person_remove_secret",
        "web_person_link",
        "web_person_unlink",
        "web_person_sign_out",
        "web_person_disable",
        "web_person_enable",
        also=(400,),
    ),
    row("web_person_new_secret", "A/roleAssignments/write @sub", 409),  # people have passwords
    row("web_person_take_role", "A/roleAssignments/delete @sub", 400),
)

LABS = (
    row("web_labs", SIGNED_IN),
    *_rows(SIGNED_IN, "web_lab_new", "web_lab_made", "web_lab_check", also=(400, 403)),
    *_rows(
        "L/labs/read @lab",
        "web_lab",
        "web_lab_ask_delete",
        "web_lab_export",
        "web_lab_connect",
        "web_lab_rdp",
        "web_lab_screen",
        "web_lab_password",
        also=(409,),
    ),
    row("web_lab_picture", "L/labs/virtualMachines/resetPassword/action @lab", 409),  # the machine is off
    row("web_lab_terminal", "L/labs/virtualMachines/resetPassword/action @lab"),
    row("web_lab_start", "L/labs/virtualMachines/start/action @lab", 409),
    row("web_lab_stop", "L/labs/virtualMachines/stop/action @lab", 409),
    row("web_lab_keep", "L/labs/virtualMachines/start/action @lab", 409),
    row("web_lab_schedule", "L/labs/read @lab, L/labs/schedules/read @lab"),
    row("web_lab_schedule_make", "L/labs/schedules/write @lab", 400),
    row("web_lab_schedule_end", "L/labs/schedules/delete @lab"),
    row("web_lab_schedule_change", "L/labs/schedules/write @lab", 400),
    row("web_lab_edit", "L/labs/write @lab", 400),
    *_rows("L/labs/read @lab", "web_class", "web_class_wall", "web_class_ask_reimage", "web_class_screen"),
    *_rows("L/labs/read @lab", "web_class_results", "web_class_results_part", "web_lab_settings"),
    row("web_lab_settings_save", "L/labs/write @lab", 400),
    row("web_class_picture", "L/labs/virtualMachines/resetPassword/action @lab", 409),
    row("web_class_publish", "L/labs/publish/action @lab", 409),
    row("web_class_settings", "L/labs/write @lab", 400),
    row("web_class_power", "L/labs/virtualMachines/stop/action @lab", 409),
    row("web_class_retry", "L/labs/virtualMachines/start/action @lab"),
    row("web_class_start", "L/labs/virtualMachines/start/action @lab", 409),
    row("web_class_stop", "L/labs/virtualMachines/stop/action @lab", 409),
    row("web_kept_work", "L/labs/write @lab"),
    row("web_kept_work_restore", "L/labs/write @lab", 404),
    row("web_class_update_all", "L/labs/virtualMachines/reimage/action @lab", 409),
    row("web_class_update", "L/labs/virtualMachines/reimage/action @lab", 409),
    row("web_class_back", "L/labs/virtualMachines/reimage/action @lab", 404, 409),
    row("web_class_reimage", "L/labs/virtualMachines/reimage/action @lab", 409),
    *_rows("L/labs/users/read @lab", "web_lab_people", "web_lab_people_link", "web_lab_report", "web_lab_report_csv"),
    row("web_lab_user_hours", "L/labs/users/write @lab"),
    row("web_lab_user_hours_save", "L/labs/users/write @lab", 400),
    row("web_lab_user_ask_remove", "L/labs/users/delete @lab"),
    row("web_lab_user_remove", "L/labs/users/delete @lab"),
    *_rows("L/labs/users/write @lab", "web_lab_people_text", "web_lab_people_file", "web_lab_people_add", also=(400,)),
    *_rows("L/labs/users/invite/action @lab", "web_lab_people_invite", "web_lab_user_invite", also=(400, 409)),
    row("web_class_message", "L/labs/users/invite/action @lab", 400),
    row("web_class_hand", "L/labs/users/invite/action @lab"),
    row("web_lab_cancel", "L/labs/write @lab"),
    row("web_lab_retry", "L/labs/write @lab", 409),
    row("web_lab_delete", "L/labs/delete @lab"),
    *_rows("L/labs/read @lab", "web_lab_export_estimate", also=(409,)),
    row(
        "web_lab_exported",
        "L/labs/read @lab, L/labPlans/saveImage/action @plan, L/labs/virtualMachines/resetPassword/action @lab",
        400,
        409,
    ),
    row("web_lab_password_set", "L/labs/virtualMachines/resetPassword/action @lab", 400, 409),
    row("console", "L/labs/virtualMachines/resetPassword/action @lab", 4409),  # the machine is off
    row("terminal", "L/labs/virtualMachines/resetPassword/action @lab", 4409),  # it is off there, too
)

STUDENTS = (
    *_rows(SIGNED_IN, "web_my_machines", "web_my_machines_part"),
    # By a code that no lab has; tests/interfaces/web/students has those who are expected and those who are not.
    *_rows(SIGNED_IN, "web_register", "web_registered", also=(404,)),
    *_rows(SECRET, "web_lab_welcome", "web_lab_welcomed"),
    *_rows(
        OWN,
        "web_my_machine",
        "web_my_machine_screen",
        "web_my_machine_rdp",
        "web_my_machine_start",
        "web_my_machine_stop",
        "web_my_machine_password",
        "web_my_machine_password_set",
        "web_my_machine_ask_reimage",
        "web_my_machine_reimage",
        "web_my_machine_update",
        "web_my_machine_back",
        "web_my_machine_news",
        "web_my_machine_message",
        "web_my_machine_hand",
        "web_my_machine_keep",
    ),
)

ACCOUNTS = (
    row("web_accounts", SIGNED_IN),
    row("web_account_ask_new", SIGNED_IN),
    row("web_account_new", "L/labPlans/write @group", 400),
    *_rows(
        "L/labPlans/read @plan",
        "web_account",
        "web_account_ask_delete",
        "web_account_gallery",
        "web_account_gallery_ask_create",
        "web_account_gallery_ask_attach",
        "web_account_gallery_ask_detach",
        "web_account_policies",
    ),
    *_rows(
        "L/labPlans/write @plan",
        "web_account_gallery_create",
        "web_account_gallery_attach",
        "web_account_gallery_detach",
        "web_account_policies_save",
        also=(400, 409),
    ),
    row("web_account_delete", "L/labPlans/delete @plan"),
    row("web_account_images", "L/labPlans/images/read @plan"),
    row("web_account_images_switch", "L/labPlans/images/write @plan", 400),
    *_rows(SIGNED_IN, "web_images", "web_costs"),
    row("web_image_costs", "C/galleries/read @gallery"),
)

ACTIVITY = (
    row("web_activity", ANYWHERE),
    row("web_operations", SIGNED_IN),
    *_rows(f"{VERSION}/read @draft", "web_operation", "web_operation_part", "web_operation_events"),
    row("web_operation_picture", "L/labs/read @lab"),
    row("web_operation_cancel", f"{VERSION}/write @draft"),
    row("web_operation_retry", f"{VERSION}/write @draft", 409),
)

GALLERIES = (
    row("web_galleries", SIGNED_IN),
    row("web_gallery_new", SIGNED_IN),
    row("web_gallery_create", "C/galleries/write @group", 400),
    *_rows("C/galleries/read @gallery", "web_gallery", "web_gallery_settings", "web_gallery_ask_delete"),
    row("web_gallery_change", "C/galleries/write @gallery", 400),
    row("web_gallery_delete", "C/galleries/delete @gallery", 409),
    *_rows(
        "C/galleries/images/read @definition", "web_image", "web_image_rows", "web_image_edit", "web_image_ask_delete"
    ),
    row("web_image_change", "C/galleries/images/write @definition", 400),
    row("web_image_delete", "C/galleries/images/delete @definition", 409),
    *_rows(
        f"{VERSION}/read @version",
        "web_version",
        "web_version_ask_delete",
        "web_version_freed",
        "web_version_regions",
        "web_version_regions_check",
    ),
    *_rows(
        f"{VERSION}/write @version",
        "web_version_latest",
        "web_version_end_of_life",
        "web_version_retry",
        "web_version_restore",
        "web_version_regions_change",
        also=(400, 409),
    ),
    row("web_version_delete", f"{VERSION}/delete @version", 409),
)

UPLOADS = (
    row("web_import", SIGNED_IN),
    *_rows(
        OWN,
        "web_import_file",
        "web_import_create",
        "web_import_fields",
        "web_import_remove",
    ),
    *(
        each
        for path in ("/uploads", "/import/uploads")
        for each in (
            *_rows(ANYONE, f"OPTIONS {path}", f"OPTIONS {path}/", f"OPTIONS {path}/{{id}}"),
            *_rows(ANYWHERE, f"POST {path}", f"POST {path}/"),
            *_rows(OWN, f"POST {path}/{{id}}", f"PATCH {path}/{{id}}", f"HEAD {path}/{{id}}", f"DELETE {path}/{{id}}"),
        )
    ),
    *_rows(SECRET, *(f"{verb} /disks/{{disk}}/abcd" for verb in ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"))),
)

_AUTHORITIES = ("/adfs", "/adfs/{tenant}", "/{tenant}")
_VERSIONS = ("", "/v2.0")

SIGN_IN = (
    *(
        row(f"POST {authority}/oauth2{version}/{what}", ANYONE, 400, 401)
        for authority in _AUTHORITIES
        for version in _VERSIONS
        for what in ("token", "devicecode")
    ),
    *(
        row(f"{verb} {authority}/oauth2{version}/authorize", ANYONE, 400, 401, 403)
        for verb in ("GET", "POST")
        for authority in _AUTHORITIES
        for version in _VERSIONS
    ),
    *(
        row(f"GET {authority}{version}/.well-known/openid-configuration", ANYONE, 404)
        for authority in _AUTHORITIES
        for version in _VERSIONS
    ),
    row("GET /adfs/device", ANYONE),
    row("POST /adfs/device", ANYONE, 400, 401, 403),
    row("GET /msi/token", SECRET),
    *_rows(ANYONE, "GET /adfs/sign-in.css", "GET /adfs/discovery/keys", "GET /metadata/endpoints"),
    *_rows(ANYONE, "GET //metadata/endpoints", "GET /openapi.json", "HEAD /openapi.json"),
    *_rows(ANYONE, "GET /static/{version}/{path:path}", "HEAD /static/{version}/{path:path}"),
)

DIRECTORY = _rows(
    SIGNED_IN,
    "GET /v1.0/me",
    "GET /v1.0/users",
    "GET /v1.0/servicePrincipals",
    "POST /v1.0/directoryObjects/getByIds",
) + _rows(
    SIGNED_IN,
    "GET /v1.0/users/{id}",
    "GET /v1.0/servicePrincipals/{id}",
    "GET /v1.0/directoryObjects/{id}",
    also=(404,),  # of whoever may not be seen
)

MONITORING = _rows(ANYONE, "GET /healthz", "GET /readyz")

OTHERS: tuple[Row, ...] = (
    *PEOPLE,
    *LABS,
    *STUDENTS,
    *ACCOUNTS,
    *ACTIVITY,
    *GALLERIES,
    *UPLOADS,
    *SIGN_IN,
    *DIRECTORY,
    *MONITORING,
)
