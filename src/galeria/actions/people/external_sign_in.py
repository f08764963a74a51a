"""Letting in whom another provider vouches for: who that is here, and who may come in at all."""

from galeria.actions.core.audit import record_audit
from galeria.actions.core.caller import Caller
from galeria.actions.core.request import Request
from galeria.actions.people.first_start import INSTALLATION
from galeria.actions.people.people import WRITE_PEOPLE
from galeria.actions.people.principals import GIVE_ROLES, get_principal, subscription_scope
from galeria.domain.errors import Conflict, Forbidden, GaleriaError, Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.people.external_provider import ExternalIdentity, ExternalProfile, ExternalProvider
from galeria.domain.people.principals import Principal, PrincipalKind, RoleAssignment, sign_in_name
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Clock, IdGenerator

LONGEST_SUBJECT = 255


def admit(
    uow: UnitOfWork, clock: Clock, id_generator: IdGenerator, provider: ExternalProvider, vouched: ExternalProfile
) -> Principal:
    """The person here. Issuer and subject alone decide; the settings say what happens the first time.

    Raises Forbidden: of a domain that is not allowed, disabled here, or unknown. The caller commits.
    """
    _require_domain(provider, vouched)
    known = uow.external_identities.find_by_subject(vouched.issuer, vouched.subject)
    if known is None:
        person = _find_by_email(uow, provider, vouched) or _made(uow, clock, id_generator, provider, vouched)
        _link(
            uow, clock, id_generator, Caller(principal=person, assignments=[]), person, vouched.issuer, vouched.subject
        )
    else:
        person = uow.people.get(known.principal_id)
    if not person.enabled:
        raise Forbidden(Message("You may not sign in here any more."), hint=Message("Ask an administrator."))
    return person


def list_identities(request: Request, who: str) -> list[ExternalIdentity]:
    """Raises Forbidden, NotFound."""
    request.caller.require(GIVE_ROLES, subscription_scope(request.uow))
    return request.uow.external_identities.of_principal(get_principal(request.uow, who).id)


def link_identity(request: Request, who: str, issuer: str, subject: str) -> None:
    """Whoever signs in there as `subject` is this person from now on. May be repeated.

    Raises Forbidden, Invalid, NotFound, and Conflict where somebody else is linked with it.
    """
    request.caller.require(GIVE_ROLES, subscription_scope(request.uow))
    person = get_principal(request.uow, who)
    if person.kind is not PrincipalKind.USER:
        raise Invalid(
            Message("Programs do not sign in with another provider."),
            hint=Message("Choose a person."),
            target="subject",
        )
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        raise Invalid(
            Message("The account's id has 1 to {longest_subject} characters.", longest_subject=LONGEST_SUBJECT),
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
        _link(request.uow, request.clock, request.id_generator, request.caller, person, issuer, subject)


def unlink_identity(request: Request, who: str, id: str) -> None:
    """May be repeated. Raises Forbidden, NotFound."""
    uow = request.uow
    request.caller.require(GIVE_ROLES, subscription_scope(uow))
    person = get_principal(uow, who)
    found = uow.external_identities.find(id)
    if found is None:
        return
    if found.principal_id != person.id:
        raise NotFound(Message("There is no such link."), hint=Message("Open the person's page again."))
    uow.external_identities.remove(found)
    detail = Message("unlinked '{person}' from an account elsewhere", person=person.name)
    request.audit(WRITE_PEOPLE, subscription_scope(uow), detail=detail)


def _require_domain(provider: ExternalProvider, vouched: ExternalProfile) -> None:
    if provider.allowed_domains and vouched.email.rpartition("@")[2] not in provider.allowed_domains:
        raise Forbidden(
            Message(
                "Your account at '{provider}' has no verified e-mail address that may sign in here.",
                provider=provider.name,
            ),
            hint=Message("Sign in there with another account, or ask an administrator."),
        )


def _find_by_email(uow: UnitOfWork, provider: ExternalProvider, vouched: ExternalProfile) -> Principal | None:
    found = uow.people.find_by_name(vouched.email) if provider.link_by_email and vouched.email else None
    return found if found and found.kind is PrincipalKind.USER else None


def _made(
    uow: UnitOfWork, clock: Clock, id_generator: IdGenerator, provider: ExternalProvider, vouched: ExternalProfile
) -> Principal:
    if not provider.create_people:
        raise Forbidden(
            Message("Nobody here is known by your account at '{provider}'.", provider=provider.name),
            hint=Message("Ask an administrator to link it with you; its id is '{subject}'.", subject=vouched.subject),
        )
    name = _free_name(uow, provider, vouched)
    person = Principal(
        id=id_generator.new_guid(),
        kind=PrincipalKind.USER,
        name=name,
        display_name=vouched.display_name or name,
        secret_hash="",
        created_at=clock.now(),
    )
    uow.people.add(person)
    uow.flush()
    scope = subscription_scope(uow)
    who = Caller(principal=person, assignments=[])
    record_audit(
        uow,
        clock,
        id_generator,
        who,
        WRITE_PEOPLE,
        scope,
        detail=Message("created the user '{name}' at the first sign-in", name=name),
    )
    if provider.role:
        group = ResourceId(scope.rpartition("/")[2], provider.resource_group).key
        uow.people.add_assignment(
            RoleAssignment(
                id=id_generator.new_guid(),
                principal_id=person.id,
                role=provider.role,
                scope=uow.groups.get_by_key(group).key,
                created_at=clock.now(),
                created_by=INSTALLATION,
            )
        )
    return person


def _free_name(uow: UnitOfWork, provider: ExternalProvider, vouched: ExternalProfile) -> str:
    """Never that of somebody else here: a name elsewhere proves nothing."""
    try:
        name = sign_in_name(vouched.name)
    except GaleriaError as error:
        raise Forbidden(
            Message("Your name at '{provider}' cannot be a user name here.", provider=provider.name),
            hint=Message(
                "Ask an administrator to add you, and to link your account; its id is '{subject}'.",
                subject=vouched.subject,
            ),
        ) from error
    if uow.people.find_by_name(name):
        raise Forbidden(
            Message("Somebody here has the user name '{name}' already.", name=name),
            hint=Message(
                "If that is you, ask an administrator to link your account; its id is '{subject}'.",
                subject=vouched.subject,
            ),
        )
    return name


def _link(
    uow: UnitOfWork, clock: Clock, id_generator: IdGenerator, by: Caller, person: Principal, issuer: str, subject: str
) -> None:
    uow.external_identities.add(
        ExternalIdentity(
            id=id_generator.new_guid(), issuer=issuer, subject=subject, principal_id=person.id, created_at=clock.now()
        )
    )
    detail = Message("linked '{person}' with an account elsewhere", person=person.name)
    record_audit(uow, clock, id_generator, by, WRITE_PEOPLE, subscription_scope(uow), detail=detail)
    uow.flush()
