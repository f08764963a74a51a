"""Words that new users did not understand, or that sounded stiff, do not come back, in English or in Portuguese."""

import re

import pytest

from tests.rules.messages import all_messages, translated_messages
from tests.rules.texts import page_texts, translations

ENGLISH = (
    r"makes? no labs",
    r"^Make a lab\b",
    r"small letters",
    r"\bsigns\b.*\bpassword\b|\bpassword\b.*\bsigns\b",
    r"you may close this page or the computer",
)
PORTUGUESE = (
    r"excluí-la da mais recente",
    r"o lugar dela entre as outras",
    r"\bserve(m)? para laboratórios",
    r"\bnão servem\b",
    r"^pode entrar$",
    r"nome nos endereços",
    r"^agora não$",
    r"^manter$",
    r"o arquivo se basta",
    r"disco bruto",
    r"em 0 navegador",
    r"\bsinais\b",
    r"outro caractere",
    r"mais uma vez",
    r"ver suas imagens",
    r"você pode fechar esta página ou o computador",
    r"^(use apenas )?letras(,| e) dígitos",
    r"letras minúsculas, dígitos",
)


@pytest.mark.parametrize("words", ENGLISH)
def test_english_is_plain(words: str) -> None:
    said = [each.singular for each in page_texts()] + [text for _, text in all_messages()]

    assert _with(words, said) == []


@pytest.mark.parametrize("words", PORTUGUESE)
def test_portuguese_is_plain(words: str) -> None:
    said = [form for each in translations() for form in each.forms] + list(translated_messages().values())

    assert _with(words, said) == []


def test_the_words_are_found() -> None:
    said = ["Este arquivo se basta", "Pode entrar de novo.", "Letras, dígitos e pontos", "pode entrar"]

    assert _with(r"o arquivo se basta", ["O arquivo se basta."]) == ["O arquivo se basta."]
    assert [_with(words, said) for words in (r"^pode entrar$", r"^letras(,| e) dígitos")] == [[said[3]], [said[2]]]


def _with(words: str, said: list[str]) -> list[str]:
    return [text for text in said if re.search(words, text, flags=re.IGNORECASE)]
