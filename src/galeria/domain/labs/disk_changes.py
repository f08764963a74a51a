"""What is changed on a machine's disk while it is off, and what a look into its image says of that."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DiskChanges:
    """What is changed on one disk, all of it or nothing. What is empty or False stays as it is."""

    user_name: str = ""  # the account that is made where it is missing, and gets the password
    password_hash: str = ""  # crypt(5), of that account
    is_admin: bool = True  # whether that account gets administrator's rights; else it loses those that it had
    ssh_keys: tuple[str, ...] = ()  # lines of authorized_keys(5), of that account; its earlier ones are replaced
    retire: tuple[str, ...] = ()  # accounts whose passwords and keys must stop working; nothing of them is deleted
    close_others: bool = False  # whether all accounts are retired, but that of `user_name` and those to keep
    keep: tuple[str, ...] = ()  # accounts that stay as they are
    host_name: str = ""
    ensures_host_keys: bool = False  # whether a host without SSH host keys gets some
    new_identity: bool = False  # a new machine-id and new SSH host keys
    card_name: str = ""  # what the machine's network card is called from its next start on
    work_folder: str = ""  # where the student's work disk is mounted from the next start on
    data_sources: tuple[str, ...] = ()  # what cloud-init asks for its data, in this order
