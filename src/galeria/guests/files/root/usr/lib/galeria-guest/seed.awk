# Reads the part of NoCloud meta-data and #cloud-config user-data that this guest obeys and prints lines KEY<tab>VALUE:
# hostname, instance; then for each user: user, group, hash, plain, lock, key. Block style YAML and one-line lists.

function trim(s) {
    gsub(/^[ \t]+|[ \t\r]+$/, "", s)
    return s
}

function unquote(s) {
    s = trim(s)
    if (s ~ /^".*"$/ || s ~ /^'.*'$/) return substr(s, 2, length(s) - 2)
    sub(/[ \t]+#.*$/, "", s)
    return s
}

function flush_user(    i) {
    if (name != "" ) {
        print "user\t" name
        for (i = 1; i <= group_count; i++) print "group\t" group_list[i]
        if (hash != "") print "hash\t" hash
        if (plain != "") print "plain\t" plain
        if (lock) print "lock\tyes"
        for (i = 1; i <= key_count; i++) print "key\t" key_list[i]
    }
    name = hash = plain = list = ""
    # cloud-init locks the password of an account unless it is told not to.
    lock = 1
    group_count = key_count = 0
}

function add_element(key, value) {
    value = unquote(value)
    if (value == "") return
    if (key == "ssh_authorized_keys") key_list[++key_count] = value
    if (key == "groups" || key == "group") group_list[++group_count] = value
    if (key == "sudo" && value != "false") group_list[++group_count] = "sudo"
}

function add_list(key, text,    parts, count, i) {
    text = trim(text)
    if (text ~ /^\[.*\]$/) text = substr(text, 2, length(text) - 2)
    else if (key != "groups") { add_element(key, text); return }
    count = split(text, parts, ",")
    for (i = 1; i <= count; i++) add_element(key, parts[i])
}

function user_line(text,    colon, key, value) {
    colon = index(text, ":")
    if (!colon) return
    key = unquote(substr(text, 1, colon - 1))
    value = trim(substr(text, colon + 1))
    list = ""
    if (key == "name") name = unquote(value)
    else if (key == "passwd" || key == "hashed_passwd") hash = unquote(value)
    else if (key == "plain_text_passwd") plain = unquote(value)
    else if (key == "lock_passwd") lock = (unquote(value) !~ /^(false|False|no|off)$/)
    else if (value == "") list = key
    else add_list(key, value)
}

BEGIN { lock = 1; item_indent = -1 }

/^[ \t]*(#|$)/ { next }

{
    match($0, /^ */)
    indent = RLENGTH
    text = substr($0, indent + 1)
    sub(/\r$/, "", text)
}

indent == 0 && text !~ /^- / {
    flush_user()
    item_indent = -1
    section = unquote(substr(text, 1, index(text, ":") - 1))
    value = unquote(substr(text, index(text, ":") + 1))
    if (section == "hostname" || section == "local-hostname") print "hostname\t" value
    if (section == "instance-id") print "instance\t" value
    next
}

section != "users" { next }

text ~ /^- / {
    if (item_indent < 0) item_indent = indent
    text = trim(substr(text, 3))
    if (indent == item_indent) {
        flush_user()
        user_line(text)
    } else add_element(list, text)
    next
}

{ user_line(text) }

END { flush_user() }
