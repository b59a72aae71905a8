# bash completion for paddock
_paddock() {
    local line=${COMP_LINE:0:COMP_POINT} cur path= word skip= broken
    local flags valued subs lists
    local -a typed
    read -ra typed <<<"$line"
    cur=
    if [[ $line != *[[:space:]] ]]; then
        cur=${typed[-1]}
        unset 'typed[-1]'
    fi
    broken=${cur%"${cur##*[:=]}"}
    _paddock_node ""
    for word in "${typed[@]:1}"; do
        if [[ -n $skip ]]; then
            skip=
        elif [[ $word == -- ]]; then
            COMPREPLY=($(compgen -f -- "$cur"))
            return
        elif [[ " $valued " == *" $word "* ]]; then
            skip=1
        elif [[ " $subs " == *" $word "* ]]; then
            path="${path:+$path }$word"
            _paddock_node "$path"
        fi
    done
    if [[ -n $skip ]]; then
        COMPREPLY=($(compgen -f -- "$cur"))
    elif [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    elif [[ -n $subs ]]; then
        COMPREPLY=($(compgen -W "$subs" -- "$cur"))
    elif [[ -n $lists ]]; then
        COMPREPLY=($(compgen -W "$(eval "$lists" 2>/dev/null)" -- "$cur"))
    else
        COMPREPLY=($(compgen -f -- "$cur"))
    fi
    COMPREPLY=("${COMPREPLY[@]#"$broken"}")
}

_paddock_node() {
    flags= valued= subs= lists=
    case $1 in
    '')
        flags='--help -h --config --engine --log-level --version -v'
        valued='--config --engine --log-level'
        subs='pull ls list inspect rm remove serve quadlet ensure df prune doctor info version completion help'
        ;;
    'pull')
        flags='--tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --no-local --help -h --config --engine --log-level'
        valued='--authfile --creds --cert-dir --progress --jobs --config --engine --log-level'
        subs=''
        ;;
    'ls'|'list')
        flags='--format -f --quiet -q --noheading -n --no-trunc --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        ;;
    'inspect')
        flags='--format -f --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        lists='paddock ls --quiet'
        ;;
    'rm'|'remove')
        flags='--all -a --ignore -i --help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        lists='paddock ls --quiet'
        ;;
    'serve')
        flags='--name --host --port -p --image --ctx-size -c --env -e --network --detach -d --dry-run --replace --tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --no-local --help -h --config --engine --log-level'
        valued='--name --host --port -p --image --ctx-size -c --env -e --network --authfile --creds --cert-dir --progress --jobs --config --engine --log-level'
        subs=''
        lists='paddock ls --quiet'
        ;;
    'quadlet')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs='generate install ls list print rm remove'
        ;;
    'quadlet generate')
        flags='--name --host --port -p --image --ctx-size -c --env -e --network --tls-verify --authfile --creds --cert-dir --help -h --config --engine --log-level'
        valued='--name --host --port -p --image --ctx-size -c --env -e --network --authfile --creds --cert-dir --config --engine --log-level'
        subs=''
        lists='paddock ls --quiet'
        ;;
    'quadlet install')
        flags='--name --host --port -p --image --ctx-size -c --env -e --network --start --replace --tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --no-local --help -h --config --engine --log-level'
        valued='--name --host --port -p --image --ctx-size -c --env -e --network --authfile --creds --cert-dir --progress --jobs --config --engine --log-level'
        subs=''
        lists='paddock ls --quiet'
        ;;
    'quadlet ls'|'quadlet list')
        flags='--format -f --noheading -n --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        ;;
    'quadlet print')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        lists='paddock quadlet ls --noheading --format '\''{{.Name}}'\'''
        ;;
    'quadlet rm'|'quadlet remove')
        flags='--ignore -i --help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        lists='paddock quadlet ls --noheading --format '\''{{.Name}}'\'''
        ;;
    'ensure')
        flags='--tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --no-local --verify --help -h --config --engine --log-level'
        valued='--authfile --creds --cert-dir --progress --jobs --config --engine --log-level'
        subs=''
        lists='paddock ls --quiet'
        ;;
    'df')
        flags='--format -f --verbose -v --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        ;;
    'prune')
        flags='--age --dry-run --help -h --config --engine --log-level'
        valued='--age --config --engine --log-level'
        subs=''
        ;;
    'doctor')
        flags='--fix --age --format -f --help -h --config --engine --log-level'
        valued='--age --format -f --config --engine --log-level'
        subs=''
        ;;
    'info')
        flags='--format -f --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        ;;
    'version')
        flags='--format -f --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        ;;
    'completion')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        ;;
    'help')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        ;;
    esac
}

complete -o default -F _paddock paddock
