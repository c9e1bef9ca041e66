#!/bin/sh
# Writes the line behind an alert to a log file for its kind of event, chosen by the rule's name:  an action of the type `script`,
# or `option script` of a logtrigger rule. The files are in LOG_DIRECTORY, which the action's `environment` may set.
# To have another kind of event in a file, add its name below. Runs in dash, in busybox's sh and in any other POSIX shell.
set -u
umask 077

directory=${LOG_DIRECTORY:-/var/log}

# Names may have blanks in them, and a line any character that a shell knows: nothing here is read a second time.
case ${LT_name:-} in
    DDNS_*) file=ddns.log ;;
    Dropbear_Notice | dropbear-notice) file=dropbear.log ;;
    MiniUPNPD | miniupnpd) file=miniupnpd.log ;;
    DHCP* | dhcp*) file=dhcp.log ;;
    *[Ww]rong* | *[Ff]ail* | *[Bb]ad*) file=failed_logins.log ;;
    *[Ll]ogin* | *[Aa]ccepted* | *_Registered) file=logins.log ;;
    *)
        echo "no log file is named for the rule ${LT_name:-}" >&2
        exit 1
        ;;
esac

# Control characters could forge a line or steer the terminal of whoever reads the file.
line=$(printf '%s' "${LT_message:-}" | tr '\001-\037\177' '?')
printf '%s\n' "$line" >> "$directory/$file"
