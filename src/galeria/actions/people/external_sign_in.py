"""Signing in with an external OpenID Connect provider: finding or creating the person, and linking identities."""

from galeria.actions.core.audit import INSTALLATION, record_audit
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request
from galeria.actions.people.people import WRITE_PEOPLE
from galeria.actions.people.principals import GIVE_ROLES, get_principal, subscription_scope
from galeria.actions.people.token_sessions import revoke_sessions
from galeria.domain.errors import Conflict, Forbidden, GaleriaError, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.people.external_provider import (
    LONGEST_SUBJECT,
    ExternalIdentity,
    ExternalProfile,
    ExternalProvider,
    folded_email,
    is_subject,
)
from galeria.domain.people.principals import Principal, PrincipalKind, RoleAssignment, sign_in_name


def sign_in_externally(
    request: BaseRequest, provider: ExternalProvider, profile: ExternalProfile, *, address: str = ""
) -> Principal:
    """The person here. Issuer and subject alone decide; the settings say what happens the first time.

    Raises Forbidden: of a domain that is not allowed, disabled here, or unknown. The caller commits.
    """
    _require_domain(provider, profile)
    known = request.uow.external_identities.find_by_subject(profile.issuer, profile.subject)
    if known is None:
        person = _find_by_email(request, provider, profile) or _create_person(request, provider, profile, address)
        caller = Caller(principal=person, assignments=[], address=address)
        known = _link(request, caller, person, profile.issuer, profile.subject)
    person = request.uow.people.get(known.principal_id)
    if known.email != profile.email:  # rosters of labs go by it, and by none that is not verified any more
        known.email = profile.email
    if not person.enabled:
        raise Forbidden(Message("You may not sign in here any more."), hint=Message("Ask an administrator."))
    return person


def list_identities(request: Request, who: str) -> list[ExternalIdentity]:
    """Returns the external identities linked with a person, oldest first. Raises Forbidden, NotFound."""
    request.caller.require(GIVE_ROLES, subscription_scope(request))
    return request.uow.external_identities.of_principal(get_principal(request, who).id)


def link_identity(request: Request, who: str, issuer: str, subject: str) -> None:
    """Links an external identity with a person, who can then sign in with it. May be repeated.

    Raises Forbidden, Invalid, NotFound, and Conflict where somebody else is linked with it.
    """
    request.caller.require(GIVE_ROLES, subscription_scope(request))
    person = get_principal(request, who)
    if person.kind is not PrincipalKind.USER:
        raise Invalid(
            Message("Programs do not sign in with another provider."),
            hint=Message("Choose a person."),
            target="subject",
        )
    if not is_subject(subject):
        raise Invalid(
            Message(
                "The account's id has 1 to {longest_subject} characters of ASCII.", longest_subject=LONGEST_SUBJECT
            ),
            hint=Message("The sign-in page shows it to who is not known here yet."),
            target="subject",
        )
    known = request.uow.external_identities.find_by_subject(issuer, subject)
    if known and known.principal_id != person.id:
        raise Conflict(
            Message("Somebody else is linked with this account."),
            hint=Message("Remove the link there first."),
            target="subject",
        )
    if known is None:
        _link(request, request.caller, person, issuer, subject)


def unlink_identity(request: Request, who: str, id: str) -> None:
    """Removes the link of an external identity, and ends the person's sessions; may be repeated.

    Any of these may have begun with that identity. Raises Forbidden, NotFound.
    """
    request.caller.require(GIVE_ROLES, subscription_scope(request))
    person = get_principal(request, who)
    found = request.uow.external_identities.find(id)
    if found is None:
        return
    if found.principal_id != person.id:
        raise NotFound(Message("There is no such link."), hint=Message("Open the person's page again."))
    request.uow.external_identities.remove(found)
    revoke_sessions(request, person)
    detail = Message("unlinked '{person}' from an account elsewhere", person=person.name)
    request.audit(WRITE_PEOPLE, subscription_scope(request), detail=detail)


def _require_domain(provider: ExternalProvider, profile: ExternalProfile) -> None:
    if provider.allowed_domains and profile.email.rpartition("@")[2] not in provider.allowed_domains:
        raise Forbidden(
            Message(
                "Your account at '{provider}' has no verified e-mail address that may sign in here.",
                provider=provider.name,
            ),
            hint=Message("Sign in there with another account, or ask an administrator."),
        )


def _find_by_email(request: BaseRequest, provider: ExternalProvider, profile: ExternalProfile) -> Principal | None:
    """The user whose name is the verified address, unless somebody signs in as that user from the same provider already.

    Who came first may have chosen the name, and would share the account with the address's owner.
    """
    found = request.uow.people.find_by_name(profile.email) if provider.link_by_email and profile.email else None
    if found is None or found.kind is not PrincipalKind.USER:
        return None
    linked = request.uow.external_identities.of_principal(found.id)
    return None if any(each.issuer == profile.issuer for each in linked) else found


def _create_person(
    request: BaseRequest, provider: ExternalProvider, profile: ExternalProfile, address: str
) -> Principal:
    if not provider.create_people:
        raise Forbidden(
            Message("Nobody here is known by your account at '{provider}'.", provider=provider.name),
            hint=Message("Ask an administrator to link it with you; its id is '{subject}'.", subject=profile.subject),
        )
    name = _new_name(request, provider, profile)
    person = Principal(
        id=request.id_generator.new_guid(),
        kind=PrincipalKind.USER,
        name=name,
        display_name=profile.display_name or name,
        secret_hash="",
        created_at=request.clock.now(),
    )
    request.uow.people.add(person)
    request.uow.flush()
    scope = subscription_scope(request)
    who = Caller(principal=person, assignments=[], address=address)
    record_audit(
        request, who, WRITE_PEOPLE, scope, detail=Message("created the user '{name}' at the first sign-in", name=name)
    )
    if provider.role:
        group = ResourceId(scope.rpartition("/")[2], provider.resource_group).key
        request.uow.people.add_assignment(
            RoleAssignment(
                id=request.id_generator.new_guid(),
                principal_id=person.id,
                role=provider.role,
                scope=request.uow.groups.get_by_key(group).key,
                created_at=request.clock.now(),
                created_by=INSTALLATION,
            )
        )
    return person


def _new_name(request: BaseRequest, provider: ExternalProvider, profile: ExternalProfile) -> str:
    """Never that of somebody else here: a name elsewhere proves nothing.

    Nor somebody else's e-mail address: rosters of labs and, where addresses link people, the provider await its owner.
    """
    is_own = provider.names_are_assigned or folded_email(profile.name) == profile.email
    if "@" in profile.name and not is_own:
        raise Forbidden(
            Message(
                "Your user name at '{provider}' is an e-mail address not verified as yours.", provider=provider.name
            ),
            hint=Message(
                "Change the name there, or ask an administrator to link your account; its id is '{subject}'.",
                subject=profile.subject,
            ),
        )
    try:
        name = sign_in_name(profile.name)
    except GaleriaError as error:
        raise Forbidden(
            Message("Your name at '{provider}' cannot be a user name here.", provider=provider.name),
            hint=Message(
                "Ask an administrator to add you, and to link your account; its id is '{subject}'.",
                subject=profile.subject,
            ),
        ) from error
    if request.uow.people.find_by_name(name):
        raise Forbidden(
            Message("Somebody here has the user name '{name}' already.", name=name),
            hint=Message(
                "If that is you, ask an administrator to link your account; its id is '{subject}'.",
                subject=profile.subject,
            ),
        )
    return name


def _link(request: BaseRequest, caller: Caller, person: Principal, issuer: str, subject: str) -> ExternalIdentity:
    linked = ExternalIdentity(
        id=request.id_generator.new_guid(),
        issuer=issuer,
        subject=subject,
        principal_id=person.id,
        created_at=request.clock.now(),
    )
    request.uow.external_identities.add(linked)
    detail = Message("linked '{person}' with an account elsewhere", person=person.name)
    record_audit(request, caller, WRITE_PEOPLE, subscription_scope(request), detail=detail)
    request.uow.flush()
    return linked
