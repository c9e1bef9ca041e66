#!/bin/sh
# Writes the line behind an alert to a log file for its kind of event, chosen by the rule's name:  an action of the type `script`,
# or `option script` of a logtrigger rule. It knows the names of the shipped rules and those of logtrigger's page.
# The files are in LOG_DIRECTORY, which the action's `environment` may set; else in /var/log/vigilog where this user may write
# there, else in /var/log. Runs in dash, in busybox's sh and in any other POSIX shell.
set -u
umask 077

directory=${LOG_DIRECTORY:-}
if [ -z "$directory" ]; then
    directory=/var/log
    [ -w /var/log/vigilog ] && directory=/var/log/vigilog
fi

# Names may have blanks in them, and a line any character that a shell knows: nothing here is read a second time.
# The first that fits counts. To have another kind of event in a file, add its name.
case ${LT_name:-} in
    DDNS* | ddns*) file=ddns.log ;;
    Dropbear_Notice | dropbear-notice) file=dropbear.log ;;
    MiniUPNPD | miniupnpd) file=miniupnpd.log ;;
    DHCP* | dhcp*) file=dhcp.log ;;
    blackbox-death | ledger-*) file=deaths.log ;;
    *[Ww]rong* | *[Ff]ail* | *[Bb]ad* | *-auth) file=failed_logins.log ;;
    *[Ll]ogin*) file=logins.log ;;
    sshd* | dropbear* | *ftp* | sudo | su | pam* | postfix | dovecot | asterisk* | freeswitch*) file=failed_logins.log ;;
    *)
        echo "no log file is named for the rule ${LT_name:-}" >&2
        exit 1
        ;;
esac

# Control characters could forge a line or steer the terminal of whoever reads the file.
line=$(printf '%s' "${LT_message:-}" | tr '\001-\037\177' '?')
printf '%s\n' "$line" >> "$directory/$file"
