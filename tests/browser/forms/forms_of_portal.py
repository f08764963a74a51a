"""Every form of the portal, in an order in which each finds what it needs, pressed straight after the last letter."""

from dataclasses import dataclass, field

from tests.browser.portal_server import AWAY, HOME, MARIA, PASSWORD
from tests.browser.walk import GROUP

NEW_PASSWORD = "Another-Course-8"
ACCOUNT, SECOND = f"/accounts/{GROUP}/labs", f"/accounts/{GROUP}/second"
SPARE, CAMPUS = f"/galleries/{GROUP}/spare", f"/galleries/{GROUP}/campus"
IMAGE = f"{CAMPUS}/images/Linux-for-algebra"
VERSION, SECOND_VERSION = f"{IMAGE}/versions/1.0.0", f"{CAMPUS}/images/Two-disks/versions/1.0.0"
LAB = f"/labs/{GROUP}/Pressed"
PERSON, PROGRAM = "/people/caio", "/people/{program}"


@dataclass(frozen=True, kw_only=True)
class FormPress:
    """The form of a route: where it is, what is chosen and typed in it (by CSS), and the words on its button."""

    route: str
    path: str
    button: str
    opened: str = ""  # the words of what unfolds it
    chosen: tuple[str, ...] = ()
    typed: dict[str, str] = field(default_factory=dict)
    patient: bool = False  # the page is opened until the button may be pressed: something ends before
    row: str = ""  # the words of the row that the button stands in


FORMS = (
    FormPress(
        route="web_signed_in",
        path="/sign-in",
        button="Sign in",
        typed={"#name": MARIA.name, "#password": PASSWORD},
    ),
    FormPress(route="web_language", path="/me", button="English"),
    FormPress(route="web_account_new", path="/accounts/new", button="Create", typed={"#name": "second"}),
    FormPress(route="web_gallery_create", path="/galleries/new", button="Create the gallery", typed={"#name": "spare"}),
    FormPress(
        route="web_gallery_change",
        path=f"{CAMPUS}/settings",
        button="Save",
        chosen=("#soft_delete",),
        typed={"#description": "For every lab"},
    ),
    FormPress(route="web_gallery_delete", path=f"{SPARE}/delete", button="Delete the gallery"),
    FormPress(
        route="web_account_gallery_create",
        path=f"{SECOND}/gallery/create",
        button="Create and attach",
        typed={"#name": "other"},
    ),
    FormPress(route="web_account_gallery_detach", path=f"{SECOND}/gallery/detach", button="Detach"),
    FormPress(
        route="web_account_gallery_attach",
        path=f"{SECOND}/gallery/attach",
        button="Attach",
        chosen=("label.option:has-text('campus')",),
    ),
    FormPress(
        route="web_account_policies_save",
        path=f"{SECOND}/policies",
        button="Save",
        typed={"#phone": "+55 11 5555-0000"},
    ),
    FormPress(route="web_account_delete", path=f"{SECOND}/delete", button="Delete"),
    FormPress(
        route="web_import_create",
        path="/import/{upload}",
        button="Create the version",
        typed={"#name": "Pressed image"},
    ),
    FormPress(route="web_import_remove", path="/import", button="Remove"),
    FormPress(route="web_image_change", path=f"{IMAGE}/edit", button="Save", typed={"#name": "Linux, pressed"}),
    FormPress(
        route="web_version_regions_change",
        path=f"{VERSION}/regions",
        button="Change the regions",
        chosen=(f"label.option:has([value={AWAY}])",),
    ),
    FormPress(
        route="web_version_end_of_life",
        path=VERSION,
        button="Save the date",
        typed={"#date": "01012031"},
        patient=True,
    ),
    FormPress(route="web_version_latest", path=VERSION, button="Never offer it as the latest"),
    FormPress(
        route="web_account_images_switch",
        path=f"{ACCOUNT}/images",
        button="Disable selected images",
        chosen=("tr:has-text('Two disks') input[type=checkbox]",),
    ),
    FormPress(
        route="web_lab_made",
        path="/labs/new",
        button="Create",
        chosen=("#images label:has-text('Other Linux')", f"#regions label:has(#region-{HOME})"),
        typed={"#title": "Pressed", "#password": PASSWORD},
    ),
    FormPress(route="web_lab_start", path=LAB, button="Start", patient=True),
    FormPress(
        route="web_lab_edit",
        path=LAB,
        button="Save",
        typed={"#title": "Pressed once", "#description": "Straight after typing"},
    ),
    FormPress(
        route="web_lab_password_set",
        path=f"{LAB}/password",
        button="Reset password",
        typed={"#password": NEW_PASSWORD},
        patient=True,
    ),
    FormPress(
        route="web_lab_exported",
        path=f"{LAB}/export",
        button="Export",
        typed={"#name": "Pressed export"},
        patient=True,
    ),
    FormPress(route="web_lab_stop", path=LAB, button="Stop", patient=True),
    FormPress(
        route="web_class_settings",
        path=f"{LAB}/class",
        button="Save",
        chosen=("#open_access",),
        typed={"#capacity": "2", "#student": "student", "#student_password": PASSWORD},
    ),
    FormPress(route="web_class_publish", path=f"{LAB}/class", button="Publish", patient=True),
    FormPress(route="web_class_start", path=f"{LAB}/class", button="Start", patient=True, row="student-1"),
    FormPress(route="web_class_stop", path=f"{LAB}/class", button="Stop", patient=True, row="student-1"),
    FormPress(route="web_class_power", path=f"{LAB}/class", button="Stop all"),
    FormPress(route="web_class_reimage", path=f"{LAB}/class/student-2/reimage", button="Make it anew", patient=True),
    FormPress(
        route="web_lab_people_text",
        path=f"{LAB}/people",
        button="Look at the list",
        typed={"#people": "caio@example.org"},
    ),
    FormPress(route="web_lab_settings_save", path=f"{LAB}/settings", button="Save", typed={"#hours": "12"}),
    FormPress(
        route="web_lab_schedule_make",
        path=f"{LAB}/schedule",
        button="Plan them",
        chosen=("#day-Monday",),
        typed={"#first_day": "01012027", "#last_day": "05052027"},
    ),
    FormPress(route="web_lab_schedule_end", path=f"{LAB}/schedule", button="Remove the schedule"),
    FormPress(route="web_lab_delete", path=f"{LAB}/delete", button="Delete lab"),
    FormPress(
        route="web_people_new",
        path="/people/add/person",
        button="Add",
        typed={"#display_name": "Caio", "#name": "caio"},
    ),
    FormPress(route="web_person_give_role", path=PERSON, button="Give the role"),
    FormPress(route="web_person_take_role", path=PERSON, button="Take away"),
    FormPress(
        route="web_person_password",
        path=PERSON,
        opened="summary:has-text('Set a new password')",
        button="Set a new password",
    ),
    FormPress(
        route="web_person_link",
        path=PERSON,
        opened="summary:has-text('Link an account')",
        button="Link",
        typed={"#subject": "subject-of-caio"},
    ),
    FormPress(route="web_person_unlink", path=PERSON, button="Remove", row="subject-of-caio"),
    FormPress(route="web_person_sign_out", path=PERSON, button="Sign out everywhere"),
    FormPress(route="web_person_disable", path=PERSON, button="Disable"),
    FormPress(route="web_person_enable", path=PERSON, button="Enable"),
    FormPress(
        route="web_people_new_program",
        path="/people/add/program",
        button="Add",
        typed={"#display_name": "Nightly import"},
    ),
    FormPress(route="web_person_new_secret", path=PROGRAM, button="New secret"),
    FormPress(route="web_person_remove_secret", path=PROGRAM, button="Remove"),
    FormPress(route="web_version_delete", path=SECOND_VERSION + "/delete", button="Delete the version"),
    FormPress(route="web_version_restore", path=SECOND_VERSION, button="Restore"),
    FormPress(route="web_image_delete", path=f"{CAMPUS}/images/Empty/delete", button="Delete the image"),
    FormPress(route="web_my_session", path="/me", button="Sign out there"),
    FormPress(route="web_my_other_sessions", path="/me", button="Sign out all other browsers"),
    FormPress(route="web_my_calendar", path="/me", button="Make an address"),
    FormPress(route="web_my_calendar_end", path="/me", button="End the address"),
    FormPress(
        route="web_my_password",
        path="/me",
        button="Change password",
        typed={"#current": PASSWORD, "#new": NEW_PASSWORD, "#again": NEW_PASSWORD},
    ),
    FormPress(
        route="web_welcomed",
        path="{welcome}",
        button="Start",
        typed={"#new": NEW_PASSWORD, "#again": NEW_PASSWORD},
    ),
)
STEERING = {"web_operation_cancel", "web_operation_retry", "web_lab_cancel", "web_version_retry"}
"""Forms that are there while something goes on or after it was ended."""
IN_THE_HEAD = {"web_sign_out"}
NOT_PRESSED = {"web_lab_retry"}
"""Work on a lab is often done before it notices a cancel. The same button is pressed on an operation's page."""
OF_STUDENTS = {
    "web_my_machine_start",
    "web_my_machine_stop",
    "web_my_machine_password_set",
    "web_my_machine_reimage",
    "web_my_machine_update",
    "web_my_machine_back",
    "web_class_update_all",
    "web_class_update",
    "web_class_back",
    "web_kept_work_restore",
    "web_registered",
    "web_lab_welcomed",
    "web_lab_people_file",
    "web_lab_people_add",
    "web_lab_people_invite",
    "web_lab_user_invite",
    "web_lab_user_remove",
    "web_lab_user_hours_save",
    "web_lab_schedule_change",
    "web_lab_keep",
    "web_class_message",
    "web_class_hand",
    "web_class_retry",
    "web_my_machine_message",
    "web_my_machine_hand",
    "web_my_machine_keep",
}
"""Forms that need a class with people in it: tests/browser/test_students.py and tests/interfaces/web send them."""
CHECKS = {"web_lab_check", "web_lab_export_estimate", "web_import_fields", "web_version_regions_check"}
"""What scripts ask for while a form is filled in."""
