"""Lists of people as they come out of spreadsheets, school systems and mail programs."""

import io
import zipfile

import pytest

from galeria.domain.errors import Invalid, TooLarge
from galeria.domain.rosters.csv_lists import read_list
from galeria.domain.rosters.entries import RosterReading
from galeria.domain.rosters.one_roster import is_zip, read_one_roster
from galeria.domain.rosters.texts import LARGEST, decoded


def people(reading: RosterReading) -> list[tuple[int, str, str]]:
    return [(each.line, each.email, each.name) for each in reading.entries]


def faults(reading: RosterReading) -> list[tuple[int, str]]:
    return [(each.line, str(each.why)) for each in reading.faults]


TWO = [(2, "ana@example.org", "Ana Conceição"), (3, "bia@example.org", "Bia Lima")]


@pytest.mark.parametrize(
    "text",
    [
        "Name,Email\nAna Conceição,ana@example.org\nBia Lima,bia@example.org\n",
        "E-mail;Nome completo\r\nana@example.org;Ana Conceição\r\nbia@example.org;Bia Lima\r\n",
        "Nome\tSobrenome\tEndereço de email\nAna\tConceição\tana@example.org\nBia\tLima\tbia@example.org",
        '"First name","Surname","Email address"\n"Ana","Conceição","ana@example.org"\n"Bia","Lima"," bia@example.org "\n',
        "ENDEREÇO DE E-MAIL ; NOME ; SOBRENOME\n ana@example.org ; Ana ; Conceição \n bia@example.org ; Bia ; Lima \n",
        "Matrícula;Aluno;E-mail institucional;Turma\n1;Ana Conceição;ana@example.org;A\n2;Bia Lima;bia@example.org;A\n",
    ],
)
def test_headers_say_which_column_is_which(text: str) -> None:
    reading = read_list(text)
    assert people(reading) == TWO
    assert faults(reading) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_every_usual_encoding_is_read(encoding: str) -> None:
    data = "Nome completo;E-mail\r\nAna Conceição;ana@example.org\r\nBia Lima;bia@example.org\r\n".encode(encoding)
    assert people(read_list(decoded(data))) == TWO


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ana@example.org\n\n  bia@example.org  \n", [(1, "ana@example.org", ""), (3, "bia@example.org", "")]),
        ("ana@example.org; bia@example.org", [(1, "ana@example.org", ""), (1, "bia@example.org", "")]),
        (
            "Ana Lima <ana@example.org>, Bia <bia@example.org>",
            [(1, "ana@example.org", "Ana Lima"), (1, "bia@example.org", "Bia")],
        ),
        ('"Lima, Ana" <ana@example.org>\n', [(1, "ana@example.org", "Lima, Ana")]),
        (
            "Ana Lima,ana@example.org\nbia@example.org,Bia\n",
            [(1, "ana@example.org", "Ana Lima"), (2, "bia@example.org", "Bia")],
        ),
        ("mailto:ana@example.org", [(1, "ana@example.org", "")]),
        ("", []),
    ],
)
def test_a_pasted_text_needs_no_headers(text: str, expected: list[tuple[int, str, str]]) -> None:
    reading = read_list(text)
    assert people(reading) == expected
    assert faults(reading) == []


def test_what_is_wrong_is_told_beside_its_line() -> None:
    text = "Nome;E-mail\nAna;ana@example.org\nBia;bia@\nCaio;\nDavi;ANA@example.org\n;;\nEva;eva@example.org"
    reading = read_list(text)
    assert [line for line, _, _ in people(reading)] == [2, 7]
    assert faults(reading) == [
        (3, "'bia@' is no e-mail address."),
        (4, "There is no e-mail address."),
        (5, "'ANA@example.org' stands in line 2 already."),
    ]


def test_a_quoted_field_may_go_over_several_lines() -> None:
    text = 'Name,Notes,Email\nAna,"first\nsecond, third",ana@example.org\nBia,,bia@example.org\n'
    assert [(line, email) for line, email, _ in people(read_list(text))] == [
        (2, "ana@example.org"),
        (4, "bia@example.org"),
    ]


def test_a_file_that_is_no_list_is_refused() -> None:
    with pytest.raises(Invalid, match="no text"):
        decoded(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and more of it")
    with pytest.raises(TooLarge):
        decoded(b"x" * (LARGEST + 1))
    with pytest.raises(Invalid, match="more than 5000 lines"):
        read_list("\n".join(f"s{number}@example.org" for number in range(5001)))
    with pytest.raises(Invalid, match="cannot be read"):
        read_list(f'Email\n"{"x" * 200_000}"\n')


USERS = (
    "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
    "identifier,email\n"
    "u1,active,,true,o1,student,ana,,Ana,Conceição,,,ana@example.org\n"
    "u2,active,,true,o1,teacher,eva,,Eva,Reis,,,eva@example.org\n"
    "u3,active,,true,o1,student,bia,,Bia,Lima,,,\n"
    "u4,tobedeleted,,true,o1,student,caio,,Caio,Melo,,,caio@example.org\n"
    "u5,active,,false,o1,student,davi,,Davi,Nery,,,davi@example.org\n"
    "u6,active,,true,o1,student,fabio,,Fábio,Luz,,,fabio@example.org\n"
    "u7,active,,true,o1,student,gil,,Gil,Paz,,,gil@example.org\n"
)
ENROLLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
    "e1,active,,c1,o1,u1,student,false,,\n"
    "e2,active,,c1,o1,u2,teacher,true,,\n"
    "e3,active,,c1,o1,u3,student,false,,\n"
    "e4,active,,c1,o1,u4,student,false,,\n"
    "e5,active,,c1,o1,u5,student,false,,\n"
    "e6,active,,c2,o1,u6,student,false,,\n"
    "e7,tobedeleted,,c1,o1,u7,student,false,,\n"
)


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name.replace("__", "/").replace("_", "."), text.encode("utf-8-sig"))
    return packed.getvalue()


def test_a_one_roster_export_names_the_enrolled_students() -> None:
    data = archive(manifest_csv="propertyName,value\n", users_csv=USERS, enrollments_csv=ENROLLMENTS)
    assert is_zip(data)
    reading = read_one_roster(data)
    assert people(reading) == [(2, "ana@example.org", "Ana Conceição"), (7, "fabio@example.org", "Fábio Luz")]
    assert faults(reading) == [(4, "There is no e-mail address.")]
    assert [email for _, email, _ in people(read_one_roster(data, class_id="c2"))] == ["fabio@example.org"]


def test_the_files_may_lie_in_a_folder() -> None:
    data = archive(export__users_csv=USERS, export__enrollments_csv=ENROLLMENTS)
    assert len(people(read_one_roster(data))) == 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04 and nothing else", "The zip cannot be read"),
        (archive(users_csv=USERS), "no enrollments.csv"),
        (archive(enrollments_csv=ENROLLMENTS), "no users.csv"),
        (
            archive(users_csv="sourcedId,username\nu1,ana\n", enrollments_csv=ENROLLMENTS),
            "users.csv has no column email",
        ),
    ],
)
def test_an_export_without_what_is_needed_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read_one_roster(data)


def test_a_zip_that_grows_without_end_is_refused() -> None:
    with pytest.raises(TooLarge):
        read_one_roster(archive(users_csv="x" * (LARGEST + 10), enrollments_csv=ENROLLMENTS))
