#!/bin/sh
# Installs the programs that tests and benchmarks run against us (Debian packages), those that are missing.
#   tools/daemons.sh test|bench
# Nothing is started and no service is enabled: each test starts its own copy with its own configuration.
set -eu
case ${1:-test} in
test) want="$("$(dirname "$0")/unpacked.sh") postgresql swaks msmtp libnet-ssleay-perl libauthen-sasl-perl isync mutt neomutt curl sqlite3 postfix openssl bc iproute2 opendkim opendkim-tools bind9 bind9-dnsutils libxml2-utils unbound dovecot-core dovecot-lmtpd clamav-daemon spamd rspamd" ;;
bench) want="postfix dovecot-core dovecot-imapd dovecot-lmtpd openssl opendkim opendkim-tools opendmarc postfix-policyd-spf-python bind9 iproute2 spamassassin spamd" ;;
*) echo "usage: tools/daemons.sh test|bench" >&2; exit 2 ;;
esac
missing=
for package in $want; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "missing:$missing" >&2
    echo "  install them with: sudo apt-get install --no-install-recommends$missing" >&2
    exit 0 # the tests that need them skip and say so
fi
echo "daemons: installing$missing" >&2
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    trap 'rm -f $policy' EXIT
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
