# Run before and after each backup of the chaos: sh chaos.sh DIR TASK begin|end
# It notes which attempt begins or ends, under which agent and when; before a backup
# it changes the source, and keeps the sums of what is in it then.
set -eu
echo "$3 $2 $BCM_BACKUP $BCM_ATTEMPT $PPID $(date +%s%N) $BCM_STATUS" >>"$1/marks"
[ "$3" = begin ] || exit 0
cd "$1/sources/$2"
dice=$(od -An -N2 -tu2 /dev/urandom)
head -c $((dice * 6)) /dev/urandom >"file-$((dice % 7))"
sha256sum file-* >"$1/sums/$BCM_BACKUP.$BCM_ATTEMPT.new"
mv "$1/sums/$BCM_BACKUP.$BCM_ATTEMPT.new" "$1/sums/$BCM_BACKUP.$BCM_ATTEMPT"
