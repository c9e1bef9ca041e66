#!/bin/sh
# Bans the address of an alert:  an action of the type `script`, or `option script` of a logtrigger rule.
# The address is the field `ip` of the rule, or its field `address`. `vigilog ban` refuses those on the allow list.
# Whoever writes to a log can choose what stands there: only what looks like one address goes on.
set -u

address=${LT_ip:-${LT_address:-}}
case $address in
    "")
        echo "the rule ${LT_name:-} has neither a field ip nor a field address" >&2
        exit 1
        ;;
    *[!0-9A-Fa-f.:]*)
        echo "not an address: $address" >&2
        exit 1
        ;;
esac
exec vigilog ban -- "$address"
