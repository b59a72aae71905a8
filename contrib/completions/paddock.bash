# bash completion for paddock
_paddock() {
    local line=${COMP_LINE:0:COMP_POINT} cur path= word flag= broken
    local flags valued subs values lists files
    local -A choices
    local -a typed
    read -ra typed <<<"$line"
    cur=
    if [[ $line != *[[:space:]] ]]; then
        cur=${typed[-1]}
        unset 'typed[-1]'
    fi
    broken=${cur%"${cur##*[:=]}"}
    COMPREPLY=()
    _paddock_node ""
    for word in "${typed[@]:1}"; do
        if [[ -n $flag ]]; then
            flag=
        elif [[ $word == -- ]]; then
            compopt -o default
            return
        elif [[ " $valued " == *" $word "* ]]; then
            flag=$word
        elif [[ " $subs " == *" $word "* ]]; then
            path="${path:+$path }$word"
            _paddock_node "$path"
        fi
    done
    if [[ -z $flag && $cur == --*=* ]]; then
        flag=${cur%%=*}
        cur=${cur#*=}
        broken=${broken#"$flag="}
    fi
    if [[ -n $flag ]]; then
        values=${choices[$flag]} files=1
    elif [[ $cur == -* ]]; then
        values=$flags
    elif [[ -n $subs ]]; then
        values=$subs
    elif [[ -n $lists ]]; then
        values=$(eval "$lists" 2>/dev/null)
        files=
    fi
    if [[ -n $values ]]; then
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
        COMPREPLY=("${COMPREPLY[@]#"$broken"}")
    elif [[ -n $files ]]; then
        compopt -o default
    fi
}

_paddock_node() {
    flags= valued= subs= values= lists= files= choices=()
    case $1 in
    '')
        flags='--help -h --config --engine --log-level --version -v'
        valued='--config --engine --log-level'
        subs='pull pack push copy convert tags login logout ls list inspect rm remove serve quadlet kube compose gpu ensure df prune doctor info version completion help'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'pull')
        flags='--tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --include --exclude --no-local --tag -t --help -h --config --engine --log-level'
        valued='--authfile --creds --cert-dir --progress --jobs --include --exclude --tag -t --config --engine --log-level'
        subs=''
        choices[--progress]='bars plain json none'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        files=1
        ;;
    'pack')
        flags='--tag -t --license --author --source --revision --model-version --vendor --family --title --description --documentation --annotation --hidden --follow --dry-run --quiet -q --progress --help -h --config --engine --log-level'
        valued='--tag -t --license --author --source --revision --model-version --vendor --family --title --description --documentation --annotation --progress --config --engine --log-level'
        subs=''
        choices[--progress]='bars plain json none'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        files=1
        ;;
    'push')
        flags='--tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --digestfile --sign-by --sign-by-sigstore --sign-by-sigstore-private-key --sign-passphrase-file --help -h --config --engine --log-level'
        valued='--authfile --creds --cert-dir --progress --jobs --digestfile --sign-by --sign-by-sigstore --sign-by-sigstore-private-key --sign-passphrase-file --config --engine --log-level'
        subs=''
        choices[--progress]='bars plain json none'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'copy')
        flags='--tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --digestfile --sign-by --sign-by-sigstore --sign-by-sigstore-private-key --sign-passphrase-file --format -f --help -h --config --engine --log-level'
        valued='--authfile --creds --cert-dir --progress --jobs --digestfile --sign-by --sign-by-sigstore --sign-by-sigstore-private-key --sign-passphrase-file --format -f --config --engine --log-level'
        subs=''
        choices[--progress]='bars plain json none'
        choices[--format]='modelpack docker'
        choices[-f]='modelpack docker'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        files=1
        ;;
    'convert')
        flags='--to --tag -t --arch --quiet -q --progress --help -h --config --engine --log-level'
        valued='--to --tag -t --arch --progress --config --engine --log-level'
        subs=''
        choices[--to]='image artifact'
        choices[--progress]='bars plain json none'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'tags')
        flags='--all -a --format -f --tls-verify --authfile --creds --cert-dir --help -h --config --engine --log-level'
        valued='--format -f --authfile --creds --cert-dir --config --engine --log-level'
        subs=''
        choices[--format]='json'
        choices[-f]='json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        files=1
        ;;
    'login')
        flags='--username -u --password -p --password-stdin --get-login --authfile --cert-dir --tls-verify --help -h --config --engine --log-level'
        valued='--username -u --password -p --authfile --cert-dir --config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        files=1
        ;;
    'logout')
        flags='--all -a --authfile --help -h --config --engine --log-level'
        valued='--authfile --config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        files=1
        ;;
    'ls'|'list')
        flags='--format -f --quiet -q --noheading -n --no-trunc --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        choices[--format]='table json'
        choices[-f]='table json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'inspect')
        flags='--format -f --raw --raw-config --remote -r --tls-verify --authfile --creds --cert-dir --help -h --config --engine --log-level'
        valued='--format -f --authfile --creds --cert-dir --config --engine --log-level'
        subs=''
        choices[--format]='json'
        choices[-f]='json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'rm'|'remove')
        flags='--all -a --force -f --ignore -i --help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'serve')
        flags='--name --host --port -p --runtime --image --gpu --ctx-size -c --memory -m --cpus --env -e --secret --api-key-secret --network --detach -d --dry-run --replace --tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --include --exclude --no-local --help -h --config --engine --log-level'
        valued='--name --host --port -p --runtime --image --gpu --ctx-size -c --memory -m --cpus --env -e --secret --api-key-secret --network --authfile --creds --cert-dir --progress --jobs --include --exclude --config --engine --log-level'
        subs=''
        choices[--runtime]='auto llama.cpp vllm'
        choices[--gpu]='auto none all nvidia amd ascend mthreads intel apple wsl'
        choices[--progress]='bars plain json none'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'quadlet')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs='generate install ls list print rm remove update'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'quadlet generate')
        flags='--name --host --port -p --runtime --image --gpu --ctx-size -c --memory -m --cpus --env -e --secret --api-key-secret --network --restart --auto-update --pod --on-demand --idle-time --with --tls-verify --authfile --creds --cert-dir --help -h --config --engine --log-level'
        valued='--name --host --port -p --runtime --image --gpu --ctx-size -c --memory -m --cpus --env -e --secret --api-key-secret --network --restart --pod --idle-time --with --authfile --creds --cert-dir --config --engine --log-level'
        subs=''
        choices[--runtime]='auto llama.cpp vllm'
        choices[--gpu]='auto none all nvidia amd ascend mthreads intel apple wsl'
        choices[--restart]='no on-success on-failure on-abnormal on-watchdog on-abort always'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'quadlet install')
        flags='--name --host --port -p --runtime --image --gpu --ctx-size -c --memory -m --cpus --env -e --secret --api-key-secret --network --restart --auto-update --pod --on-demand --idle-time --with --start --replace --tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --include --exclude --no-local --help -h --config --engine --log-level'
        valued='--name --host --port -p --runtime --image --gpu --ctx-size -c --memory -m --cpus --env -e --secret --api-key-secret --network --restart --pod --idle-time --with --authfile --creds --cert-dir --progress --jobs --include --exclude --config --engine --log-level'
        subs=''
        choices[--runtime]='auto llama.cpp vllm'
        choices[--gpu]='auto none all nvidia amd ascend mthreads intel apple wsl'
        choices[--restart]='no on-success on-failure on-abnormal on-watchdog on-abort always'
        choices[--progress]='bars plain json none'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'quadlet ls'|'quadlet list')
        flags='--format -f --noheading -n --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        choices[--format]='table json'
        choices[-f]='table json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'quadlet print')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock quadlet ls --noheading --format '\''{{.Name}}'\'''
        ;;
    'quadlet rm'|'quadlet remove')
        flags='--ignore -i --help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock quadlet ls --noheading --format '\''{{.Name}}'\'''
        ;;
    'quadlet update')
        flags='--all -a --dry-run --tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --no-local --help -h --config --engine --log-level'
        valued='--authfile --creds --cert-dir --progress --jobs --config --engine --log-level'
        subs=''
        choices[--progress]='bars plain json none'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock quadlet ls --noheading --format '\''{{.Name}}'\'''
        ;;
    'kube')
        flags='--name --port -p --runtime --image --ctx-size -c --memory -m --cpus --env -e --form --model-volume --gpu --secret --api-key-secret --run-as --help -h --config --engine --log-level'
        valued='--name --port -p --runtime --image --ctx-size -c --memory -m --cpus --env -e --form --model-volume --gpu --secret --api-key-secret --run-as --config --engine --log-level'
        subs=''
        choices[--runtime]='auto llama.cpp vllm'
        choices[--form]='deployment kserve'
        choices[--model-volume]='image artifact modelcar'
        choices[--gpu]='none auto nvidia amd ascend mthreads intel'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'compose')
        flags='--name --host --port -p --runtime --image --gpu --ctx-size -c --memory -m --cpus --env -e --network --help -h --config --engine --log-level'
        valued='--name --host --port -p --runtime --image --gpu --ctx-size -c --memory -m --cpus --env -e --network --config --engine --log-level'
        subs=''
        choices[--runtime]='auto llama.cpp vllm'
        choices[--gpu]='auto none all nvidia amd ascend mthreads intel apple wsl'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'gpu')
        flags='--format -f --noheading -n --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs='fit'
        choices[--format]='table json'
        choices[-f]='table json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'gpu fit')
        flags='--ctx-size -c --memory --format -f --tls-verify --authfile --creds --cert-dir --help -h --config --engine --log-level'
        valued='--ctx-size -c --memory --format -f --authfile --creds --cert-dir --config --engine --log-level'
        subs=''
        choices[--format]='json'
        choices[-f]='json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'ensure')
        flags='--tls-verify --authfile --creds --cert-dir --quiet -q --progress --jobs --include --exclude --no-local --from --verify --help -h --config --engine --log-level'
        valued='--authfile --creds --cert-dir --progress --jobs --include --exclude --from --config --engine --log-level'
        subs=''
        choices[--progress]='bars plain json none'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        lists='paddock ls --quiet'
        ;;
    'df')
        flags='--format -f --verbose -v --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        choices[--format]='json'
        choices[-f]='json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'prune')
        flags='--age --dry-run --help -h --config --engine --log-level'
        valued='--age --config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'doctor')
        flags='--fix --age --format -f --help -h --config --engine --log-level'
        valued='--age --format -f --config --engine --log-level'
        subs=''
        choices[--format]='json'
        choices[-f]='json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'info')
        flags='--format -f --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        choices[--format]='json'
        choices[-f]='json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'version')
        flags='--format -f --help -h --config --engine --log-level'
        valued='--format -f --config --engine --log-level'
        subs=''
        choices[--format]='json'
        choices[-f]='json'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'completion')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        values='bash zsh fish'
        ;;
    'help')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs='pull pack push copy convert tags login logout ls list inspect rm remove serve quadlet kube compose gpu ensure df prune doctor info version completion'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help pull')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help pack')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help push')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help copy')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help convert')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help tags')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help login')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help logout')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help ls'|'help list')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help inspect')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help rm'|'help remove')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help serve')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help quadlet')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs='generate install ls list print rm remove update'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help quadlet generate')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help quadlet install')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help quadlet ls'|'help quadlet list')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help quadlet print')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help quadlet rm'|'help quadlet remove')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help quadlet update')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help kube')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help compose')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help gpu')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs='fit'
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help gpu fit')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help ensure')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help df')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help prune')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help doctor')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help info')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help version')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    'help completion')
        flags='--help -h --config --engine --log-level'
        valued='--config --engine --log-level'
        subs=''
        choices[--engine]='podman docker'
        choices[--log-level]='debug info warn error'
        ;;
    esac
}

complete -F _paddock paddock
