"""The parts of the settings about the log, monitoring and stopping."""

from pathlib import Path

import pytest

from galeria.adapters.settings_file import FILE_NAME, read_settings
from galeria.domain.errors import Invalid
from galeria.domain.serving.settings import MonitoringSettings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nstop_seconds = 0", "'stop_seconds' is a number of seconds above 0"),
        ("[logs]\nformat = 'xml'", "'format' is one of text, json"),
        ("[logs]\nrequests = 'yes'", "'requests' is true or false"),
        ("[logs]\nlevel = 'debug'", "unknown setting 'level'"),
        ("[monitoring]\nlisten = '0.0.0.0'\nport = 9464", "unless there is a 'token_file'"),
        ("[monitoring]\nlisten = 'here'", "'here' does not appear to be an IPv4 or IPv6 address"),
        ("[monitoring]\ntoken_file = 'short.token'", "a token of at least 16 characters"),
        ("[monitoring]\ntoken_file = 'absent.token'", "No such file"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "short.token").write_text("too-short\n", encoding="utf-8")
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read_settings(tmp_path)
    assert said in str(refused.value)


def test_others_may_reach_figures_only_with_a_token(tmp_path: Path) -> None:
    (tmp_path / "monitoring.token").write_text("a-token-of-the-monitoring\n", encoding="utf-8")
    text = "[monitoring]\nlisten = '::'\nport = 9464\ntoken_file = 'monitoring.token'"
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    found = read_settings(tmp_path).monitoring
    assert found == MonitoringSettings(listen="::", port=9464, token="a-token-of-the-monitoring")
