"""The texts of the sign-in pages in English and Brazilian Portuguese."""

ENGLISH = "en"
PORTUGUESE = "pt-BR"

TEXTS: dict[str, dict[str, str]] = {
    ENGLISH: {
        "enter_code_title": "Enter the code",
        "enter_code_text": "Type the code that the program shows you.",
        "code_label": "Code",
        "next": "Next",
        "sign_in_title": "Sign in",
        "wants": "wants to act in your name at",
        "unknown_program": "An unknown program",
        "same_code": "The program that you started must show this very code:",
        "warning": "Go on only if you started this yourself. Nobody else may ask you for it.",
        "user_label": "User name",
        "password_label": "Password",
        "sign_in": "Sign in",
        "cancel": "Cancel",
        "done_title": "You are signed in",
        "done_text": "Go back to the program that you started. You can close this page.",
        "continue_text": "One last step takes you back to the program that you started.",
        "canceled_title": "Not signed in",
        "continue_button": "Continue",
        "canceled_text": "The sign-in was canceled. You can close this page.",
        "refused_title": "This request cannot be answered",
        "refused_text": "The link is incomplete or was not made by a known program. Start again with 'az login'.",
        "wrong_code": "This code is not known, has expired or was used already. Check it, or start again.",
        "wrong_password": "The user name or the password is wrong.",
        "blocked": "There were too many wrong tries. Try again in {seconds} seconds.",
    },
    PORTUGUESE: {
        "enter_code_title": "Informe o código",
        "enter_code_text": "Digite o código que o programa mostra.",
        "code_label": "Código",
        "next": "Avançar",
        "sign_in_title": "Entrar",
        "wants": "quer agir em seu nome em",
        "unknown_program": "Um programa desconhecido",
        "same_code": "O programa que você iniciou deve mostrar exatamente este código:",
        "warning": "Continue somente se você mesmo iniciou isto. Ninguém mais pode pedir que você o faça.",
        "user_label": "Nome de usuário",
        "password_label": "Senha",
        "sign_in": "Entrar",
        "cancel": "Cancelar",
        "done_title": "Você entrou",
        "done_text": "Volte ao programa que você iniciou. Pode fechar esta página.",
        "continue_text": "Um último passo leva você de volta ao programa que iniciou.",
        "canceled_title": "Você não entrou",
        "continue_button": "Continuar",
        "canceled_text": "A entrada foi cancelada. Pode fechar esta página.",
        "refused_title": "Este pedido não pode ser atendido",
        "refused_text": "O link está incompleto ou não veio de um programa conhecido. Comece de novo com 'az login'.",
        "wrong_code": "Este código não existe, expirou ou já foi usado. Confira-o ou comece de novo.",
        "wrong_password": "O nome de usuário ou a senha está errado.",
        "blocked": "Houve tentativas erradas demais. Tente de novo em {seconds} segundos.",
    },
}


def language_of(accepted: str) -> str:
    """Return the best available language for an Accept-Language header (RFC 9110 §12.5.4); English where none fits."""
    best, language = 0.0, ENGLISH
    for each in accepted.split(","):
        tag, _, quality = each.partition(";")
        weight = _weight(quality)
        found = {"en": ENGLISH, "pt": PORTUGUESE}.get(tag.strip().lower().partition("-")[0])
        if found and weight > best:
            best, language = weight, found
    return language


def _weight(quality: str) -> float:
    _, _, number = quality.strip().partition("q=")
    if not number:
        return 1.0
    try:
        return float(number)
    except ValueError:
        return 0.0
