"""Create the web session after a sign-in of any kind."""

from fastapi import Response

from galeria.actions.people.web_sessions import open_web_session
from galeria.domain.people.principals import Principal
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.web.kit.page_request import PageRequest


def signed_in_response(
    page: PageRequest, person: Principal, target: str, *, notice: str = "", issuer: str = ""
) -> Response:
    """Create a session with a new secret, and end the one that this browser had before."""
    before = page.visit.visitor
    with page.services.requests.anonymous_writing() as request:
        secret = open_web_session(
            request,
            person,
            address=client_address(page.http),
            browser=browser_of(page),
            instead_of=before.session.id if before else "",
            issuer=issuer,
        )
    return with_session(page, page.go(target, notice=notice), secret)


def with_session(page: PageRequest, answer: Response, secret: str) -> Response:
    page.cookies.keep_session(answer, secret)
    page.cookies.forget(answer, page.cookies.form)
    return answer


def browser_of(page: PageRequest) -> str:
    """Return the User-Agent of the browser."""
    return page.http.headers.get("user-agent", "")
