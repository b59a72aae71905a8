package kube

// The objects, as far as they are made here. The order of the fields is that of the text.

type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   meta   `yaml:"metadata"`
	Spec       any    `yaml:"spec"`
}

type meta struct {
	Name        string            `yaml:"name,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type deployment struct {
	Replicas                int       `yaml:"replicas"`
	ProgressDeadlineSeconds int       `yaml:"progressDeadlineSeconds"`
	Strategy                *strategy `yaml:"strategy,omitempty"`
	Selector                selector  `yaml:"selector"`
	Template                template  `yaml:"template"`
}

type strategy struct {
	Type string `yaml:"type"`
}

type selector struct {
	MatchLabels map[string]string `yaml:"matchLabels"`
}

type template struct {
	Metadata meta `yaml:"metadata"`
	Spec     pod  `yaml:"spec"`
}

type pod struct {
	AutomountServiceAccountToken bool        `yaml:"automountServiceAccountToken"`
	EnableServiceLinks           bool        `yaml:"enableServiceLinks"`
	ShareProcessNamespace        bool        `yaml:"shareProcessNamespace,omitempty"`
	InitContainers               []container `yaml:"initContainers,omitempty"`
	Containers                   []container `yaml:"containers"`
	Volumes                      []volume    `yaml:"volumes"`
}

type container struct {
	Name            string        `yaml:"name"`
	Image           string        `yaml:"image"`
	ImagePullPolicy string        `yaml:"imagePullPolicy"`
	RestartPolicy   string        `yaml:"restartPolicy,omitempty"`
	Command         []string      `yaml:"command,omitempty"`
	Args            []string      `yaml:"args,omitempty"`
	Env             []env         `yaml:"env,omitempty"`
	Ports           []port        `yaml:"ports,omitempty"`
	StartupProbe    *probe        `yaml:"startupProbe,omitempty"`
	ReadinessProbe  *probe        `yaml:"readinessProbe,omitempty"`
	LivenessProbe   *probe        `yaml:"livenessProbe,omitempty"`
	Resources       *requirements `yaml:"resources,omitempty"`
	SecurityContext security      `yaml:"securityContext"`
	VolumeMounts    []mount       `yaml:"volumeMounts"`
}

type env struct {
	Name      string     `yaml:"name"`
	Value     *string    `yaml:"value,omitempty"`
	ValueFrom *valueFrom `yaml:"valueFrom,omitempty"`
}

type valueFrom struct {
	SecretKeyRef keyRef `yaml:"secretKeyRef"`
}

type keyRef struct {
	Name string `yaml:"name"`
	Key  string `yaml:"key"`
}

type port struct {
	Name          string `yaml:"name,omitempty"`
	ContainerPort int    `yaml:"containerPort"`
	Protocol      string `yaml:"protocol"`
}

type probe struct {
	HTTPGet          *httpGet `yaml:"httpGet,omitempty"`
	Exec             *execute `yaml:"exec,omitempty"`
	PeriodSeconds    int      `yaml:"periodSeconds"`
	TimeoutSeconds   int      `yaml:"timeoutSeconds"`
	FailureThreshold int      `yaml:"failureThreshold"`
}

type httpGet struct {
	Path string `yaml:"path"`
	Port int    `yaml:"port"`
}

type execute struct {
	Command []string `yaml:"command"`
}

type requirements struct {
	Limits map[string]string `yaml:"limits"`
}

type security struct {
	RunAsNonRoot             bool         `yaml:"runAsNonRoot,omitempty"`
	RunAsUser                int64        `yaml:"runAsUser,omitempty"`
	AllowPrivilegeEscalation bool         `yaml:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   bool         `yaml:"readOnlyRootFilesystem"`
	Capabilities             capabilities `yaml:"capabilities"`
	SeccompProfile           seccomp      `yaml:"seccompProfile"`
}

type capabilities struct {
	Drop []string `yaml:"drop"`
}

type seccomp struct {
	Type string `yaml:"type"`
}

type mount struct {
	Name      string `yaml:"name"`
	MountPath string `yaml:"mountPath"`
	SubPath   string `yaml:"subPath,omitempty"`
	ReadOnly  bool   `yaml:"readOnly,omitempty"`
}

type volume struct {
	Name     string       `yaml:"name"`
	Image    *imageSource `yaml:"image,omitempty"`
	EmptyDir *emptyDir    `yaml:"emptyDir,omitempty"`
	Secret   *secret      `yaml:"secret,omitempty"`
}

type secret struct {
	SecretName string `yaml:"secretName"`
}

type imageSource struct {
	Reference  string `yaml:"reference"`
	PullPolicy string `yaml:"pullPolicy"`
}

type emptyDir struct {
	Medium string `yaml:"medium,omitempty"`
}

type service struct {
	Selector map[string]string `yaml:"selector"`
	Ports    []servicePort     `yaml:"ports"`
}

type servicePort struct {
	Name       string `yaml:"name"`
	Port       int    `yaml:"port"`
	TargetPort int    `yaml:"targetPort"`
}

type servingRuntime struct {
	SupportedModelFormats []modelFormat `yaml:"supportedModelFormats"`
	Containers            []container   `yaml:"containers"`
	Volumes               []volume      `yaml:"volumes"`
}

type modelFormat struct {
	Name string `yaml:"name"`
}

type inferenceService struct {
	Predictor predictor `yaml:"predictor"`
}

type predictor struct {
	Model servedModel `yaml:"model"`
}

type servedModel struct {
	ModelFormat modelFormat `yaml:"modelFormat"`
	Runtime     string      `yaml:"runtime"`
	StorageURI  string      `yaml:"storageUri"`
}
