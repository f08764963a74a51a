"""Whoever opens pages too often gets one that says so, in the page's language, and files of pages are not counted."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from galeria.domain.request_rates import RequestRates
from galeria.domain.settings import Settings
from tests.interfaces.web.served import serving, text_of
from tests.prepared_installations import PreparedInstallations
from tests.waiting import until


def test_a_person_who_opens_too_many_pages_is_told_when_to_come_again(
    tmp_path: Path, prepared_installations: PreparedInstallations, token_key: RSAPrivateKey
) -> None:
    few = Settings(request_rates=RequestRates(reads=20, strangers=40))
    with serving(tmp_path / "web", prepared_installations, token_key, settings=few) as portal:
        browser, other = portal.browser("educator", "pt-BR"), portal.browser("colleague")
        answers = [browser.get("/labs") for _ in range(25)]
        assert answers[0].status_code == 200
        refused = answers[-1]
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "Você enviou tantas solicitações quantas uma pessoa pode enviar em um minuto: 20." in text_of(refused)
        assert "'reads_per_minute'" in text_of(refused)
        assert other.get("/labs").status_code == 200
        icon = [browser.get("/static/none/icon.svg").status_code for _ in range(60)]
        assert 429 not in icon
        until(lambda: browser.get("/labs").status_code == 200, "one more request is taken", seconds=30)
