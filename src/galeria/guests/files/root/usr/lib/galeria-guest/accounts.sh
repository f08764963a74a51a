# Functions on the account files in /etc for the commands that come with shadow-utils elsewhere.

fail() {
    echo "$2" >&2
    exit "$1"
}

is_valid_name() {
    case "$1" in
    '' | [!A-Za-z_]* | *[!A-Za-z0-9_.-]*) return 1 ;;
    esac
    [ ${#1} -le 32 ]
}

# has_entry FILE NAME
has_entry() {
    awk -F: -v name="$2" '$1 == name { found = 1 } END { exit !found }' "/etc/$1"
}

# get_field FILE NAME NUMBER
get_field() {
    awk -F: -v name="$2" -v number="$3" '$1 == name { print $number }' "/etc/$1"
}

# replace_file FILE: standard input takes the place of the file, whole or not at all.
replace_file() {
    cat > "/etc/$1.new" &&
        chmod "$(stat -c %a "/etc/$1")" "/etc/$1.new" &&
        mv "/etc/$1.new" "/etc/$1"
}

# set_field FILE NAME NUMBER VALUE. The value goes through the environment: awk -v would read backslashes in it.
set_field() {
    VALUE=$4 awk -F: -v OFS=: -v name="$2" -v number="$3" \
        '$1 == name { $number = ENVIRON["VALUE"] } { print }' "/etc/$1" | replace_file "$1"
}

# remove_entry FILE NAME
remove_entry() {
    awk -F: -v name="$2" '$1 != name' "/etc/$1" | replace_file "$1"
}

# join_groups NAME GROUPS: groups are separated by commas.
join_groups() {
    for group in $(echo "$2" | tr ',' ' '); do
        has_entry group "$group" || fail 6 "group '$group' does not exist"
        members=$(get_field group "$group" 4)
        case ",$members," in
        *",$1,"*) ;;
        *) set_field group "$group" 4 "${members:+$members,}$1" ;;
        esac
    done
}

# leave_groups NAME: removes the user from every group's list of members.
leave_groups() {
    awk -F: -v OFS=: -v name="$1" '{
        count = split($4, members, ","); left = ""
        for (i = 1; i <= count; i++) if (members[i] != name) left = left (left == "" ? "" : ",") members[i]
        $4 = left; print
    }' /etc/group | replace_file group
}

# next_id: the next number that neither a user nor a group has, from 1000 on.
next_id() {
    awk -F: 'BEGIN { last = 999 } $3 > last && $3 < 60000 { last = $3 } END { print last + 1 }' /etc/passwd /etc/group
}
