"""The addresses of a student's pages."""

MY_MACHINES = "/machines"
MACHINE = f"{MY_MACHINES}/{{group}}/{{name}}/{{machine}}"
