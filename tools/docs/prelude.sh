# Stands for the programs that the documentation calls, and writes down each call that fails.

failed() { printf '%s\n' "$*" >> "$DOCS_RESULT.failures"; }

command_not_found_handle() {
  failed "$1: command not found"
  return 127
}

# Version 1 of the AWS CLI ignores AWS_ENDPOINT_URL for SQS. A skeleton checks the options and makes no call.
aws() {
  case ",$DOCS_OPTIONS_ONLY," in *",$1 $2,"*) set -- "$@" --generate-cli-skeleton input ;; esac
  command "$DOCS_AWS" --endpoint-url "$AWS_ENDPOINT_URL" "$@" || {
    local code=$?
    failed "aws $*: exit code $code"
    return $code
  }
}

# There is no terminal, so prompts are answered by --yes. Exit code 2 of these commands means findings.
imdsv2() {
  local yes=()
  case "$1 $2" in enforce* | prevent* | rollback* | test-alert*) yes=(--yes) ;; esac
  "$DOCS_NODE" "$DOCS_CLI" "$@" "${yes[@]}" || {
    local code=$?
    case "$code $1" in '2 audit' | '2 callers' | '2 doctor' | '2 enforce' | '2 prevent' | '2 readiness') return 0 ;; esac
    failed "imdsv2 $*: exit code $code"
    return $code
  }
}

npm() {
  case "$*" in
    'run imdsv2 -- '*) imdsv2 "${@:4}" ;;
    'run -s imdsv2 -- '*) imdsv2 "${@:5}" ;;
    *) failed "npm $*: only npm run imdsv2 can run here" ;;
  esac
}

npx() {
  case "$1" in
    imdsv2) imdsv2 "${@:2}" ;;
    *) failed "npx $*: only npx imdsv2 can run here" ;;
  esac
}

# run NUMBER EXIT_CODES: evaluates the command on standard input in this shell, so that its variables and functions last.
run() {
  DOCS_RESULT="$DOCS_RESULTS/$1"
  eval "$(cat)" > "$DOCS_RESULT.output" 2>&1 < /dev/null
  local code=$?
  case " $2 " in *" $code "*) ;; *) failed "exit code $code" ;; esac
}
