#!/bin/bash
# Records syslog.log and auth.log into the directory given: real daemons of Debian 12, a scripted day in five minutes.
#
#   packaging/samples/record.sh DIRECTORY      as root, with rsyslog, openssh-server, sudo, cron and iproute2 installed
#
# Everything happens in namespaces of its own (files, network, host name, processes): the machine's accounts, its logs and
# its daemons are neither touched nor seen. Addresses are from the documentation ranges (RFC 5737, RFC 3849).
set -euo pipefail

minutes=5
attackers="203.0.113.7 203.0.113.44 203.0.113.181 2001:db8:5::2"
office="198.51.100.20"

if [ "${1-}" != "--inside" ]; then
    [ "$(id -u)" -eq 0 ] && [ $# -eq 1 ] || { sed -n '2,4s/^# \?//p' "$0" >&2; exit 2; }
    output=$(realpath "$1")
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    unshare --mount --uts --net --pid --ipc --fork --mount-proc --propagation private "$0" --inside "$scratch"
    install -m 0644 "$scratch/var/log/syslog" "$output/syslog.log"
    install -m 0644 "$scratch/var/log/auth.log" "$output/auth.log"
    exit
fi

scratch=$2

# A host of its own: copies of what the daemons write to, an empty /dev with its own /dev/log, loopback with all addresses.
hostname gate
mkdir -p "$scratch"/{etc,home,root,run/sshd,run/lock,var/log,var/spool/cron/crontabs,dev/pts,dev/shm}
cp -a /etc/. "$scratch/etc/"
for device in null zero full random urandom tty; do
    touch "$scratch/dev/$device"
    mount --bind "/dev/$device" "$scratch/dev/$device"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$scratch/dev/pts"
ln -s pts/ptmx "$scratch/dev/ptmx"
ln -s /proc/self/fd "$scratch/dev/fd"
for folder in etc home root run var/log var/spool/cron dev; do
    mount --rbind "$scratch/$folder" "/$folder"
done
echo "127.0.0.1 localhost gate" > /etc/hosts
ip link set lo up
for address in 192.0.2.10 $office ${attackers}; do
    case $address in
        *:*) ip -6 address add "$address/128" dev lo nodad ;;
        *) ip address add "$address/32" dev lo ;;
    esac
done
ip -6 address add 2001:db8:5::1/128 dev lo nodad

# Accounts: an administrator, a service account, a backup that cron runs.
useradd -m -s /bin/bash alice
useradd -m -s /bin/bash deploy
useradd -m -s /bin/bash backup2
echo "alice:correct horse" | chpasswd
echo "deploy:battery staple" | chpasswd
printf 'Defaults !mail_badpass, !mail_no_user\nalice ALL=(ALL) PASSWD: ALL\n' > /etc/sudoers.d/alice
chmod 0440 /etc/sudoers.d/alice

# rsyslog as Debian ships it, without the kernel's own messages: those would be this machine's.
sed -i '/imklog/d' /etc/rsyslog.conf
rm -f /etc/rsyslog.d/* /etc/cron.d/* /etc/crontab
: > /etc/crontab
echo "* * * * * test -d /home/backup2 && true" | crontab -u backup2 -
echo "*/2 * * * * root test -x /usr/sbin/logrotate && true" > /etc/cron.d/rotate

ssh-keygen -q -t ed25519 -N "" -f "$scratch/host_key"
cat > "$scratch/sshd_config" <<END
ListenAddress 192.0.2.10
ListenAddress 2001:db8:5::1
HostKey $scratch/host_key
UsePAM yes
KbdInteractiveAuthentication no
LoginGraceTime 20
MaxAuthTries 4
PermitRootLogin prohibit-password
PidFile none
END

rsyslogd -n -i "$scratch/rsyslogd.pid" &
for _ in $(seq 50); do [ -S /dev/log ] && break; sleep 0.1; done
/usr/sbin/sshd -D -f "$scratch/sshd_config" &
cron -f &

cat > "$scratch/askpass" <<'END'
#!/bin/sh
echo "$PASSWORD"
END
chmod 0755 "$scratch/askpass"

# try ADDRESS USER PASSWORD: one connection from ADDRESS that gives PASSWORD as often as it is asked.
try() {
    local target=192.0.2.10
    case $1 in *:*) target=2001:db8:5::1 ;; esac
    PASSWORD=$3 SSH_ASKPASS=$scratch/askpass SSH_ASKPASS_REQUIRE=force DISPLAY= \
        ssh -b "$1" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PubkeyAuthentication=no \
        -o ConnectTimeout=10 -o LogLevel=QUIET -o NumberOfPasswordPrompts=3 "$2@$target" true < /dev/null || true
}

# as_alice COMMAND...: sudo as alice would use it, with PASSWORD.
as_alice() {
    yes "${PASSWORD-correct horse}" | head -n 3 | su alice -s /bin/bash -c "cd; sudo -k; sudo -S -p '' $*" > /dev/null 2>&1 || true
}

names=(root admin oracle test postgres git ubuntu pi ftpuser nagios www guest)
end=$(($(date +%s) + minutes * 60))
round=0
while [ "$(date +%s)" -lt "$end" ]; do
    round=$((round + 1))
    for attacker in $attackers; do
        [ $((round % 6)) -eq 0 ] || [ $((round % 4)) -eq $((${#attacker} % 4)) ] || continue
        try "$attacker" "${names[$(((round * 5 + ${#attacker}) % ${#names[@]}))]}" "letmein$round" &
    done
    try "$office" alice "correct horse"
    case $((round % 4)) in
        0) as_alice ls /root ;;
        1) PASSWORD=wrong as_alice cat /etc/shadow ;;
        2) echo wrong | su deploy -s /bin/bash -c "su - alice" > /dev/null 2>&1 || true ;;
        3) try "$office" deploy "battery staple" ;;
    esac
    if [ $((round % 3)) -eq 0 ]; then
        # Somebody knocks and says nothing that a ssh client would say.
        bash -c "exec 3<> /dev/tcp/192.0.2.10/22; printf 'GET / HTTP/1.0\r\n\r\n' >&3; sleep 1" || true
    fi
    logger -t backup -p daemon.info "run $round: 128 files, 4 MB, 0 errors"
    if [ "$round" -eq 5 ]; then
        logger -t backup -p daemon.err "run $round: cannot read /srv/data/7.db: Input/output error"
    fi
    sleep 9
done
wait -n || true
kill "$(cat "$scratch/rsyslogd.pid")"
sleep 1
