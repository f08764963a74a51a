"""The texts of mails, from templates of the portal."""

from dataclasses import dataclass
from datetime import UTC

from galeria.domain.people.mail import MailText
from galeria.interfaces.web.kit.catalogues import ENGLISH, LANGUAGES
from galeria.interfaces.web.kit.rendering import Rendering
from galeria.ports.other_servers.mail import InvitationFacts


@dataclass(frozen=True, kw_only=True)
class PortalMailTexts:
    """Implements `MailTexts`. `endpoint` is the address of the pages, without a slash at the end."""

    rendering: Rendering
    endpoint: str

    def invitation(self, language: str, facts: InvitationFacts) -> MailText:
        used = language if language in LANGUAGES else ENGLISH
        values = {
            "facts": facts,
            "register": f"{self.endpoint}{facts.register_place}",
            "welcome": f"{self.endpoint}{facts.welcome_place}" if facts.welcome_place else "",
            "fmt": self.rendering.formats(used, UTC),
            "language": used,
        }
        subject = self.rendering.catalogue(used).gettext("Invitation to the lab “%(lab)s”") % {"lab": facts.lab}
        return MailText(
            subject=" ".join(subject.split()),
            text=self.rendering.render(used, "mail/invitation.txt", values),
            html=self.rendering.render(used, "mail/invitation.html", values),
        )
