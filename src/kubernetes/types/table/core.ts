/**
 * Facts of Kubernetes' API types (core); made by `npm run kubernetes:table`, not by hand.
 */
export const core: string = `
package core/v1 core v1
kinds Pod PodList PodStatusResult PodTemplate PodTemplateList ReplicationController ReplicationControllerList Service ServiceProxyOptions ServiceList Endpoints EndpointsList Node NodeList NodeProxyOptions Binding Event EventList List LimitRange LimitRangeList ResourceQuota ResourceQuotaList Namespace NamespaceList Secret SecretList ServiceAccount ServiceAccountList PersistentVolume PersistentVolumeList PersistentVolumeClaim PersistentVolumeClaimList PodAttachOptions PodLogOptions PodExecOptions PodPortForwardOptions PodProxyOptions ComponentStatus ComponentStatusList SerializedReference RangeAllocation ConfigMap ConfigMapList EphemeralContainers
enum PersistentVolumeReclaimPolicy Delete Recycle Retain
enum PersistentVolumeMode Block Filesystem
enum ClaimResourceStatus ControllerResizeInProgress ControllerResizeInfeasible NodeResizeInProgress NodeResizeInfeasible NodeResizePending
enum PersistentVolumeClaimModifyVolumeStatus InProgress Infeasible Pending
enum PersistentVolumeAccessMode ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
enum PersistentVolumePhase Available Bound Failed Pending Released
enum PersistentVolumeClaimPhase Bound Lost Pending
enum HostPathType "" BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket
enum Protocol SCTP TCP UDP
enum AzureDataDiskCachingMode None ReadOnly ReadWrite
enum AzureDataDiskKind Dedicated Managed Shared
enum MountPropagationMode Bidirectional HostToContainer None
enum URIScheme HTTP HTTPS
enum PullPolicy Always IfNotPresent Never
enum PreemptionPolicy Never PreemptLowerPriority
enum TerminationMessagePolicy FallbackToLogsOnError File
enum Signal SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMAX-1 SIGRTMAX-10 SIGRTMAX-11 SIGRTMAX-12 SIGRTMAX-13 SIGRTMAX-14 SIGRTMAX-2 SIGRTMAX-3 SIGRTMAX-4 SIGRTMAX-5 SIGRTMAX-6 SIGRTMAX-7 SIGRTMAX-8 SIGRTMAX-9 SIGRTMIN SIGRTMIN+1 SIGRTMIN+10 SIGRTMIN+11 SIGRTMIN+12 SIGRTMIN+13 SIGRTMIN+14 SIGRTMIN+15 SIGRTMIN+2 SIGRTMIN+3 SIGRTMIN+4 SIGRTMIN+5 SIGRTMIN+6 SIGRTMIN+7 SIGRTMIN+8 SIGRTMIN+9 SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ
enum PodPhase Failed Pending Running Succeeded Unknown
enum RestartPolicy Always Never OnFailure
enum DNSPolicy ClusterFirst ClusterFirstWithHostNet Default None
enum NodeSelectorOperator DoesNotExist Exists Gt In Lt NotIn
enum TaintEffect NoExecute NoSchedule PreferNoSchedule
enum TolerationOperator Equal Exists Gt Lt
enum UnsatisfiableConstraintAction DoNotSchedule ScheduleAnyway
enum NodeInclusionPolicy Honor Ignore
enum PodFSGroupChangePolicy Always OnRootMismatch
enum SupplementalGroupsPolicy Merge Strict
enum SeccompProfileType Localhost RuntimeDefault Unconfined
enum AppArmorProfileType Localhost RuntimeDefault Unconfined
enum PodQOSClass BestEffort Burstable Guaranteed
enum ServiceAffinity ClientIP None
enum ServiceType ClusterIP ExternalName LoadBalancer NodePort
enum ServiceInternalTrafficPolicy Cluster Local
enum ServiceExternalTrafficPolicy Cluster Local
enum IPFamily "" IPv4 IPv6
enum IPFamilyPolicy PreferDualStack RequireDualStack SingleStack
enum NodePhase Pending Running Terminated
enum NamespacePhase Active Terminating
enum ResourceQuotaScope BestEffort CrossNamespacePodAffinity NotBestEffort NotTerminating PriorityClass Terminating VolumeAttributesClass
enum ScopeSelectorOperator DoesNotExist Exists In NotIn
enum ProcMountType Default Unmasked
message Volume
 name 1 string
 & 2 VolumeSource
message VolumeSource
 hostPath 1 *HostPathVolumeSource ?
 emptyDir 2 *EmptyDirVolumeSource ?
 gcePersistentDisk 3 *GCEPersistentDiskVolumeSource ?
 awsElasticBlockStore 4 *AWSElasticBlockStoreVolumeSource ?
 gitRepo 5 *GitRepoVolumeSource ?
 secret 6 *SecretVolumeSource ?
 nfs 7 *NFSVolumeSource ?
 iscsi 8 *ISCSIVolumeSource ?
 glusterfs 9 *GlusterfsVolumeSource ?
 persistentVolumeClaim 10 *PersistentVolumeClaimVolumeSource ?
 rbd 11 *RBDVolumeSource ?
 flexVolume 12 *FlexVolumeSource ?
 cinder 13 *CinderVolumeSource ?
 cephfs 14 *CephFSVolumeSource ?
 flocker 15 *FlockerVolumeSource ?
 downwardAPI 16 *DownwardAPIVolumeSource ?
 fc 17 *FCVolumeSource ?
 azureFile 18 *AzureFileVolumeSource ?
 configMap 19 *ConfigMapVolumeSource ?
 vsphereVolume 20 *VsphereVirtualDiskVolumeSource ?
 quobyte 21 *QuobyteVolumeSource ?
 azureDisk 22 *AzureDiskVolumeSource ?
 photonPersistentDisk 23 *PhotonPersistentDiskVolumeSource ?
 projected 26 *ProjectedVolumeSource ?
 portworxVolume 24 *PortworxVolumeSource ?
 scaleIO 25 *ScaleIOVolumeSource ?
 storageos 27 *StorageOSVolumeSource ?
 csi 28 *CSIVolumeSource ?
 ephemeral 29 *EphemeralVolumeSource ?
 image 30 *ImageVolumeSource ?
message PersistentVolumeClaimVolumeSource
 claimName 1 string
 readOnly 2 bool ?
message PersistentVolumeSource
 gcePersistentDisk 1 *GCEPersistentDiskVolumeSource ?
 awsElasticBlockStore 2 *AWSElasticBlockStoreVolumeSource ?
 hostPath 3 *HostPathVolumeSource ?
 glusterfs 4 *GlusterfsPersistentVolumeSource ?
 nfs 5 *NFSVolumeSource ?
 rbd 6 *RBDPersistentVolumeSource ?
 iscsi 7 *ISCSIPersistentVolumeSource ?
 cinder 8 *CinderPersistentVolumeSource ?
 cephfs 9 *CephFSPersistentVolumeSource ?
 fc 10 *FCVolumeSource ?
 flocker 11 *FlockerVolumeSource ?
 flexVolume 12 *FlexPersistentVolumeSource ?
 azureFile 13 *AzureFilePersistentVolumeSource ?
 vsphereVolume 14 *VsphereVirtualDiskVolumeSource ?
 quobyte 15 *QuobyteVolumeSource ?
 azureDisk 16 *AzureDiskVolumeSource ?
 photonPersistentDisk 17 *PhotonPersistentDiskVolumeSource ?
 portworxVolume 18 *PortworxVolumeSource ?
 scaleIO 19 *ScaleIOPersistentVolumeSource ?
 local 20 *LocalVolumeSource ?
 storageos 21 *StorageOSPersistentVolumeSource ?
 csi 22 *CSIPersistentVolumeSource ?
message PersistentVolume kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PersistentVolumeSpec ?
 status 3 PersistentVolumeStatus ?
message PersistentVolumeSpec
 capacity 1 map:quantity ?
 & 2 PersistentVolumeSource
 accessModes 3 []string ? list=atomic enum=PersistentVolumeAccessMode
 claimRef 4 *ObjectReference ? map=granular
 persistentVolumeReclaimPolicy 5 string ? enum=PersistentVolumeReclaimPolicy
 storageClassName 6 string ?
 mountOptions 7 []string ? list=atomic
 volumeMode 8 *string ? enum=PersistentVolumeMode
 nodeAffinity 9 *VolumeNodeAffinity ?
 volumeAttributesClassName 10 *string ?
message VolumeNodeAffinity
 required 1 *NodeSelector ?
message PersistentVolumeStatus
 phase 1 string ? enum=PersistentVolumePhase
 message 2 string ?
 reason 3 string ?
 lastPhaseTransitionTime 4 *time ?
message PersistentVolumeList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PersistentVolume
message PersistentVolumeClaim kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PersistentVolumeClaimSpec ?
 status 3 PersistentVolumeClaimStatus ?
message PersistentVolumeClaimList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PersistentVolumeClaim
message PersistentVolumeClaimSpec
 accessModes 1 []string ? list=atomic enum=PersistentVolumeAccessMode
 selector 4 *meta/v1.LabelSelector ?
 resources 2 VolumeResourceRequirements ?
 volumeName 3 string ?
 storageClassName 5 *string ?
 volumeMode 6 *string ? enum=PersistentVolumeMode
 dataSource 7 *TypedLocalObjectReference ?
 dataSourceRef 8 *TypedObjectReference ?
 volumeAttributesClassName 9 *string ?
message TypedObjectReference
 apiGroup 1 *string o
 kind 2 string
 name 3 string
 namespace 4 *string ?
message ModifyVolumeStatus
 targetVolumeAttributesClassName 1 string ?
 status 2 string enum=PersistentVolumeClaimModifyVolumeStatus
message PersistentVolumeClaimCondition
 type 1 string
 status 2 string
 lastProbeTime 3 time ?
 lastTransitionTime 4 time ?
 reason 5 string ?
 message 6 string ?
message PersistentVolumeClaimStatus
 phase 1 string ? enum=PersistentVolumeClaimPhase
 accessModes 2 []string ? list=atomic enum=PersistentVolumeAccessMode
 capacity 3 map:quantity ?
 conditions 4 []PersistentVolumeClaimCondition ? patch=merge:type list=map:type
 allocatedResources 5 map:quantity ?
 allocatedResourceStatuses 7 map:string ? map=granular enum=ClaimResourceStatus
 currentVolumeAttributesClassName 8 *string ?
 modifyVolumeStatus 9 *ModifyVolumeStatus ?
 resizeStatus 6 *string ? until=1.27
message HostPathVolumeSource
 path 1 string
 type 2 *string ? enum=HostPathType
message EmptyDirVolumeSource
 medium 1 string ?
 sizeLimit 2 *quantity ?
message GlusterfsVolumeSource
 endpoints 1 string
 path 2 string
 readOnly 3 bool ?
message GlusterfsPersistentVolumeSource
 endpoints 1 string
 path 2 string
 readOnly 3 bool ?
 endpointsNamespace 4 *string ?
message RBDVolumeSource
 monitors 1 []string list=atomic
 image 2 string
 fsType 3 string ?
 pool 4 string ? default="rbd"
 user 5 string ? default="admin"
 keyring 6 string ? default="/etc/ceph/keyring"
 secretRef 7 *LocalObjectReference ?
 readOnly 8 bool ?
message RBDPersistentVolumeSource
 monitors 1 []string list=atomic
 image 2 string
 fsType 3 string ?
 pool 4 string ? default="rbd"
 user 5 string ? default="admin"
 keyring 6 string ? default="/etc/ceph/keyring"
 secretRef 7 *SecretReference ?
 readOnly 8 bool ?
message CinderVolumeSource
 volumeID 1 string
 fsType 2 string ?
 readOnly 3 bool ?
 secretRef 4 *LocalObjectReference ?
message CinderPersistentVolumeSource
 volumeID 1 string
 fsType 2 string ?
 readOnly 3 bool ?
 secretRef 4 *SecretReference ?
message CephFSVolumeSource
 monitors 1 []string list=atomic
 path 2 string ?
 user 3 string ?
 secretFile 4 string ?
 secretRef 5 *LocalObjectReference ?
 readOnly 6 bool ?
message SecretReference atomic
 name 1 string ?
 namespace 2 string ?
message CephFSPersistentVolumeSource
 monitors 1 []string list=atomic
 path 2 string ?
 user 3 string ?
 secretFile 4 string ?
 secretRef 5 *SecretReference ?
 readOnly 6 bool ?
message FlockerVolumeSource
 datasetName 1 string ?
 datasetUUID 2 string ?
message GCEPersistentDiskVolumeSource
 pdName 1 string
 fsType 2 string ?
 partition 3 int32 ?
 readOnly 4 bool ?
message QuobyteVolumeSource
 registry 1 string
 volume 2 string
 readOnly 3 bool ?
 user 4 string ?
 group 5 string ?
 tenant 6 string ?
message FlexPersistentVolumeSource
 driver 1 string
 fsType 2 string ?
 secretRef 3 *SecretReference ?
 readOnly 4 bool ?
 options 5 map:string ?
message FlexVolumeSource
 driver 1 string
 fsType 2 string ?
 secretRef 3 *LocalObjectReference ?
 readOnly 4 bool ?
 options 5 map:string ?
message AWSElasticBlockStoreVolumeSource
 volumeID 1 string
 fsType 2 string ?
 partition 3 int32 ?
 readOnly 4 bool ?
message GitRepoVolumeSource
 repository 1 string
 revision 2 string ?
 directory 3 string ?
message SecretVolumeSource
 secretName 1 string ?
 items 2 []KeyToPath ? list=atomic
 defaultMode 3 *int32 ?
 optional 4 *bool ?
message SecretProjection
 & 1 LocalObjectReference
 items 2 []KeyToPath ? list=atomic
 optional 4 *bool ?
message NFSVolumeSource
 server 1 string
 path 2 string
 readOnly 3 bool ?
message ISCSIVolumeSource
 targetPortal 1 string
 iqn 2 string
 lun 3 int32
 iscsiInterface 4 string ? default="default"
 fsType 5 string ?
 readOnly 6 bool ?
 portals 7 []string ? list=atomic
 chapAuthDiscovery 8 bool ?
 chapAuthSession 11 bool ?
 secretRef 10 *LocalObjectReference ?
 initiatorName 12 *string ?
message ISCSIPersistentVolumeSource
 targetPortal 1 string
 iqn 2 string
 lun 3 int32
 iscsiInterface 4 string ? default="default"
 fsType 5 string ?
 readOnly 6 bool ?
 portals 7 []string ? list=atomic
 chapAuthDiscovery 8 bool ?
 chapAuthSession 11 bool ?
 secretRef 10 *SecretReference ?
 initiatorName 12 *string ?
message FCVolumeSource
 targetWWNs 1 []string ? list=atomic
 lun 2 *int32 ?
 fsType 3 string ?
 readOnly 4 bool ?
 wwids 5 []string ? list=atomic
message AzureFileVolumeSource
 secretName 1 string
 shareName 2 string
 readOnly 3 bool ?
message AzureFilePersistentVolumeSource
 secretName 1 string
 shareName 2 string
 readOnly 3 bool ?
 secretNamespace 4 *string o
message VsphereVirtualDiskVolumeSource
 volumePath 1 string
 fsType 2 string ?
 storagePolicyName 3 string ?
 storagePolicyID 4 string ?
message PhotonPersistentDiskVolumeSource
 pdID 1 string
 fsType 2 string ?
message AzureDiskVolumeSource
 diskName 1 string
 diskURI 2 string
 cachingMode 3 *string ? default=ref(AzureDataDiskCachingReadWrite) enum=AzureDataDiskCachingMode
 fsType 4 *string ? default="ext4"
 readOnly 5 *bool ? default=false
 kind 6 *string ? default=ref(AzureSharedBlobDisk) enum=AzureDataDiskKind
message PortworxVolumeSource
 volumeID 1 string
 fsType 2 string ?
 readOnly 3 bool ?
message ScaleIOVolumeSource
 gateway 1 string
 system 2 string
 secretRef 3 *LocalObjectReference
 sslEnabled 4 bool ?
 protectionDomain 5 string ?
 storagePool 6 string ?
 storageMode 7 string ? default="ThinProvisioned"
 volumeName 8 string ?
 fsType 9 string ? default="xfs"
 readOnly 10 bool ?
message ScaleIOPersistentVolumeSource
 gateway 1 string
 system 2 string
 secretRef 3 *SecretReference
 sslEnabled 4 bool ?
 protectionDomain 5 string ?
 storagePool 6 string ?
 storageMode 7 string ? default="ThinProvisioned"
 volumeName 8 string ?
 fsType 9 string ? default="xfs"
 readOnly 10 bool ?
message StorageOSVolumeSource
 volumeName 1 string ?
 volumeNamespace 2 string ?
 fsType 3 string ?
 readOnly 4 bool ?
 secretRef 5 *LocalObjectReference ?
message StorageOSPersistentVolumeSource
 volumeName 1 string ?
 volumeNamespace 2 string ?
 fsType 3 string ?
 readOnly 4 bool ?
 secretRef 5 *ObjectReference ?
message ConfigMapVolumeSource
 & 1 LocalObjectReference
 items 2 []KeyToPath ? list=atomic
 defaultMode 3 *int32 ?
 optional 4 *bool ?
message ConfigMapProjection
 & 1 LocalObjectReference
 items 2 []KeyToPath ? list=atomic
 optional 4 *bool ?
message ServiceAccountTokenProjection
 audience 1 string ?
 expirationSeconds 2 *int64 ?
 path 3 string
message ClusterTrustBundleProjection
 name 1 *string ?
 signerName 2 *string ?
 labelSelector 3 *meta/v1.LabelSelector ?
 optional 5 *bool ?
 path 4 string
message PodCertificateProjection
 signerName 1 string ? r
 keyType 2 string ? r
 maxExpirationSeconds 3 *int32 ?
 credentialBundlePath 4 string ?
 keyPath 5 string ?
 certificateChainPath 6 string ?
 userAnnotations 7 map:string ?
message ProjectedVolumeSource
 sources 1 []VolumeProjection o list=atomic
 defaultMode 2 *int32 ?
message VolumeProjection
 secret 1 *SecretProjection ?
 downwardAPI 2 *DownwardAPIProjection ?
 configMap 3 *ConfigMapProjection ?
 serviceAccountToken 4 *ServiceAccountTokenProjection ?
 clusterTrustBundle 5 *ClusterTrustBundleProjection ?
 podCertificate 6 *PodCertificateProjection ?
message KeyToPath
 key 1 string
 path 2 string
 mode 3 *int32 ?
message LocalVolumeSource
 path 1 string
 fsType 2 *string ?
message CSIPersistentVolumeSource
 driver 1 string
 volumeHandle 2 string
 readOnly 3 bool ?
 fsType 4 string ?
 volumeAttributes 5 map:string ?
 controllerPublishSecretRef 6 *SecretReference ?
 nodeStageSecretRef 7 *SecretReference ?
 nodePublishSecretRef 8 *SecretReference ?
 controllerExpandSecretRef 9 *SecretReference ?
 nodeExpandSecretRef 10 *SecretReference ?
message CSIVolumeSource
 driver 1 string
 readOnly 2 *bool ?
 fsType 3 *string ?
 volumeAttributes 4 map:string ?
 nodePublishSecretRef 5 *LocalObjectReference ?
message EphemeralVolumeSource
 volumeClaimTemplate 1 *PersistentVolumeClaimTemplate ?
 readOnly 2 bool ? until=1.20
message PersistentVolumeClaimTemplate
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PersistentVolumeClaimSpec
message ContainerPort
 name 1 string ?
 hostPort 2 int32 ?
 containerPort 3 int32
 protocol 4 string ? default="TCP" enum=Protocol
 hostIP 5 string ?
message VolumeMount
 name 1 string
 readOnly 2 bool ?
 recursiveReadOnly 7 *string ?
 mountPath 3 string
 subPath 4 string ?
 mountPropagation 5 *string ? enum=MountPropagationMode
 subPathExpr 6 string ?
message VolumeDevice
 name 1 string
 devicePath 2 string
message EnvVar
 name 1 string
 value 2 string ?
 valueFrom 3 *EnvVarSource ?
message EnvVarSource
 fieldRef 1 *ObjectFieldSelector ?
 resourceFieldRef 2 *ResourceFieldSelector ?
 configMapKeyRef 3 *ConfigMapKeySelector ?
 secretKeyRef 4 *SecretKeySelector ?
 fileKeyRef 5 *FileKeySelector ?
message FileKeySelector atomic
 volumeName 1 string r
 path 2 string r
 key 3 string r
 optional 4 *bool ? default=false
message ObjectFieldSelector atomic
 apiVersion 1 string ?
 fieldPath 2 string
message ResourceFieldSelector atomic
 containerName 1 string ?
 resource 2 string
 divisor 3 quantity ?
message ConfigMapKeySelector atomic
 & 1 LocalObjectReference
 key 2 string
 optional 3 *bool ?
message SecretKeySelector atomic
 & 1 LocalObjectReference
 key 2 string
 optional 3 *bool ?
message EnvFromSource
 prefix 1 string ?
 configMapRef 2 *ConfigMapEnvSource ?
 secretRef 3 *SecretEnvSource ?
message ConfigMapEnvSource
 & 1 LocalObjectReference
 optional 2 *bool ?
message SecretEnvSource
 & 1 LocalObjectReference
 optional 2 *bool ?
message HTTPHeader
 name 1 string
 value 2 string
message HTTPGetAction
 path 1 string ?
 port 2 intorstring
 host 3 string ?
 scheme 4 string ? enum=URIScheme
 httpHeaders 5 []HTTPHeader ? list=atomic
message TCPSocketAction
 port 1 intorstring
 host 2 string ?
message GRPCAction
 port 1 int32
 service 2 *string o default=""
message ExecAction
 command 1 []string ? list=atomic
message SleepAction
 seconds 1 int64
message Probe
 & 1 ProbeHandler
 initialDelaySeconds 2 int32 ?
 timeoutSeconds 3 int32 ?
 periodSeconds 4 int32 ?
 successThreshold 5 int32 ?
 failureThreshold 6 int32 ?
 terminationGracePeriodSeconds 7 *int64 ?
message ContainerResizePolicy
 resourceName 1 string
 restartPolicy 2 string
message Capabilities
 add 1 []string ? list=atomic
 drop 2 []string ? list=atomic
message ResourceRequirements
 limits 1 map:quantity ?
 requests 2 map:quantity ?
 claims 3 []ResourceClaim ? list=map:name
message VolumeResourceRequirements
 limits 1 map:quantity ?
 requests 2 map:quantity ?
message ResourceClaim
 name 1 string
 request 2 string ?
message Container
 name 1 string
 image 2 string ?
 command 3 []string ? list=atomic
 args 4 []string ? list=atomic
 workingDir 5 string ?
 ports 6 []ContainerPort ? patch=merge:containerPort list=map:containerPort,protocol
 envFrom 19 []EnvFromSource ? list=atomic
 env 7 []EnvVar ? patch=merge:name list=map:name
 resources 8 ResourceRequirements ?
 resizePolicy 23 []ContainerResizePolicy ? list=atomic
 restartPolicy 24 *string ?
 restartPolicyRules 25 []ContainerRestartRule ? list=atomic
 volumeMounts 9 []VolumeMount ? patch=merge:mountPath list=map:mountPath
 volumeDevices 21 []VolumeDevice ? patch=merge:devicePath list=map:devicePath
 livenessProbe 10 *Probe ?
 readinessProbe 11 *Probe ?
 startupProbe 22 *Probe ?
 lifecycle 12 *Lifecycle ?
 terminationMessagePath 13 string ?
 terminationMessagePolicy 20 string ? enum=TerminationMessagePolicy
 imagePullPolicy 14 string ? enum=PullPolicy
 securityContext 15 *SecurityContext ?
 stdin 16 bool ?
 stdinOnce 17 bool ?
 tty 18 bool ?
message ProbeHandler
 exec 1 *ExecAction ?
 httpGet 2 *HTTPGetAction ?
 tcpSocket 3 *TCPSocketAction ?
 grpc 4 *GRPCAction ?
message LifecycleHandler
 exec 1 *ExecAction ?
 httpGet 2 *HTTPGetAction ?
 tcpSocket 3 *TCPSocketAction ?
 sleep 4 *SleepAction ?
message Lifecycle
 postStart 1 *LifecycleHandler ?
 preStop 2 *LifecycleHandler ?
 stopSignal 3 *string ? enum=Signal
message ContainerStateWaiting
 reason 1 string ?
 message 2 string ?
message ContainerStateRunning
 startedAt 1 time ?
message ContainerStateTerminated
 exitCode 1 int32
 signal 2 int32 ?
 reason 3 string ?
 message 4 string ?
 startedAt 5 time ?
 finishedAt 6 time ?
 containerID 7 string ?
message ContainerState
 waiting 1 *ContainerStateWaiting ?
 running 2 *ContainerStateRunning ?
 terminated 3 *ContainerStateTerminated ?
message ContainerStatus
 name 1 string
 state 2 ContainerState ?
 lastState 3 ContainerState ?
 ready 4 bool
 restartCount 5 int32
 image 6 string
 imageID 7 string
 containerID 8 string ?
 started 9 *bool ?
 allocatedResources 10 map:quantity ?
 resources 11 *ResourceRequirements ?
 volumeMounts 12 []VolumeMountStatus ? patch=merge:mountPath list=map:mountPath
 user 13 *ContainerUser ?
 allocatedResourcesStatus 14 []ResourceStatus ? patch=merge:name list=map:name
 stopSignal 15 *string ? enum=Signal
message ResourceStatus
 name 1 string r
 resources 2 []ResourceHealth ? list=map:resourceID
message ResourceHealth
 resourceID 1 string
 health 2 string ?
 message 6 *string ?
message ContainerUser
 linux 1 *LinuxContainerUser ?
message LinuxContainerUser
 uid 1 int64
 gid 2 int64
 supplementalGroups 3 []int64 ? list=atomic
message PodCondition
 type 1 string
 observedGeneration 7 int64 ?
 status 2 string
 lastProbeTime 3 time ?
 lastTransitionTime 4 time ?
 reason 5 string ?
 message 6 string ?
message VolumeMountStatus
 name 1 string
 mountPath 2 string
 readOnly 3 bool ?
 recursiveReadOnly 4 *string ?
 volumeStatus 5 *VolumeStatus ?
message VolumeStatus
 image 1 *ImageVolumeStatus ?
message ImageVolumeStatus
 imageRef 1 string ? r
message ContainerRestartRule
 action 1 string ? r
 exitCodes 2 *ContainerRestartRuleOnExitCodes ?
message ContainerRestartRuleOnExitCodes
 operator 1 string ? r
 values 2 []int32 ? list=set
message NodeSelector atomic
 nodeSelectorTerms 1 []NodeSelectorTerm list=atomic
message NodeSelectorTerm atomic
 matchExpressions 1 []NodeSelectorRequirement ? list=atomic
 matchFields 2 []NodeSelectorRequirement ? list=atomic
message NodeSelectorRequirement
 key 1 string
 operator 2 string enum=NodeSelectorOperator
 values 3 []string ? list=atomic
message TopologySelectorTerm atomic
 matchLabelExpressions 1 []TopologySelectorLabelRequirement ? list=atomic
message TopologySelectorLabelRequirement
 key 1 string
 values 2 []string list=atomic
message Affinity
 nodeAffinity 1 *NodeAffinity ?
 podAffinity 2 *PodAffinity ?
 podAntiAffinity 3 *PodAntiAffinity ?
message PodAffinity
 requiredDuringSchedulingIgnoredDuringExecution 1 []PodAffinityTerm ? list=atomic
 preferredDuringSchedulingIgnoredDuringExecution 2 []WeightedPodAffinityTerm ? list=atomic
message PodAntiAffinity
 requiredDuringSchedulingIgnoredDuringExecution 1 []PodAffinityTerm ? list=atomic
 preferredDuringSchedulingIgnoredDuringExecution 2 []WeightedPodAffinityTerm ? list=atomic
message WeightedPodAffinityTerm
 weight 1 int32
 podAffinityTerm 2 PodAffinityTerm
message PodAffinityTerm
 labelSelector 1 *meta/v1.LabelSelector ?
 namespaces 2 []string ? list=atomic
 topologyKey 3 string
 namespaceSelector 4 *meta/v1.LabelSelector ?
 matchLabelKeys 5 []string ? list=atomic
 mismatchLabelKeys 6 []string ? list=atomic
message NodeAffinity
 requiredDuringSchedulingIgnoredDuringExecution 1 *NodeSelector ?
 preferredDuringSchedulingIgnoredDuringExecution 2 []PreferredSchedulingTerm ? list=atomic
message PreferredSchedulingTerm
 weight 1 int32
 preference 2 NodeSelectorTerm
message Taint
 key 1 string
 value 2 string ?
 effect 3 string enum=TaintEffect
 timeAdded 4 *time ?
message Toleration
 key 1 string ?
 operator 2 string ? enum=TolerationOperator
 value 3 string ?
 effect 4 string ? enum=TaintEffect
 tolerationSeconds 5 *int64 ?
message PodReadinessGate
 conditionType 1 string
message PodSpec
 volumes 1 []Volume ? patch=merge,retainKeys:name list=map:name
 initContainers 20 []Container ? patch=merge:name list=map:name
 containers 2 []Container patch=merge:name list=map:name
 ephemeralContainers 34 []EphemeralContainer ? patch=merge:name list=map:name
 restartPolicy 3 string ? enum=RestartPolicy
 terminationGracePeriodSeconds 4 *int64 ?
 activeDeadlineSeconds 5 *int64 ?
 dnsPolicy 6 string ? enum=DNSPolicy
 nodeSelector 7 map:string ? map=atomic
 serviceAccountName 8 string ?
 serviceAccount 9 string ?
 automountServiceAccountToken 21 *bool ?
 nodeName 10 string ?
 hostNetwork 11 bool ?
 hostPID 12 bool ?
 hostIPC 13 bool ?
 shareProcessNamespace 27 *bool ?
 securityContext 14 *PodSecurityContext ?
 imagePullSecrets 15 []LocalObjectReference ? patch=merge:name list=map:name
 hostname 16 string ?
 subdomain 17 string ?
 affinity 18 *Affinity ?
 schedulerName 19 string ?
 tolerations 22 []Toleration ? list=atomic
 hostAliases 23 []HostAlias ? patch=merge:ip list=map:ip
 priorityClassName 24 string ?
 priority 25 *int32 ?
 dnsConfig 26 *PodDNSConfig ?
 readinessGates 28 []PodReadinessGate ? list=atomic
 runtimeClassName 29 *string ?
 enableServiceLinks 30 *bool ?
 preemptionPolicy 31 *string ? enum=PreemptionPolicy
 overhead 32 map:quantity ?
 topologySpreadConstraints 33 []TopologySpreadConstraint ? patch=merge:topologyKey list=map:topologyKey,whenUnsatisfiable
 setHostnameAsFQDN 35 *bool ?
 os 36 *PodOS ?
 hostUsers 37 *bool ?
 schedulingGates 38 []PodSchedulingGate ? patch=merge:name list=map:name
 resourceClaims 39 []PodResourceClaim ? patch=merge,retainKeys:name list=map:name
 resources 40 *ResourceRequirements ?
 hostnameOverride 41 *string ?
 schedulingGroup 43 *PodSchedulingGroup ?
 workloadRef 42 *WorkloadReference ? until=1.35
message PodResourceClaim
 name 1 string
 resourceClaimName 3 *string ?
 resourceClaimTemplateName 4 *string ?
 source 2 ClaimSource ? until=1.30
message PodResourceClaimStatus
 name 1 string
 resourceClaimName 2 *string ?
message PodExtendedResourceClaimStatus
 requestMappings 1 []ContainerExtendedResourceRequest list=atomic
 resourceClaimName 2 string
message ContainerExtendedResourceRequest
 containerName 1 string
 resourceName 2 string
 requestName 3 string
message PodOS
 name 1 string
message PodSchedulingGate
 name 1 string
message PodSchedulingGroup
 podGroupName 1 *string ?
message TopologySpreadConstraint
 maxSkew 1 int32
 topologyKey 2 string
 whenUnsatisfiable 3 string enum=UnsatisfiableConstraintAction
 labelSelector 4 *meta/v1.LabelSelector ?
 minDomains 5 *int32 ?
 nodeAffinityPolicy 6 *string ? enum=NodeInclusionPolicy
 nodeTaintsPolicy 7 *string ? enum=NodeInclusionPolicy
 matchLabelKeys 8 []string ? list=atomic
message HostAlias
 ip 1 string r
 hostnames 2 []string ? list=atomic
message PodSecurityContext
 seLinuxOptions 1 *SELinuxOptions ?
 windowsOptions 8 *WindowsSecurityContextOptions ?
 runAsUser 2 *int64 ?
 runAsGroup 6 *int64 ?
 runAsNonRoot 3 *bool ?
 supplementalGroups 4 []int64 ? list=atomic
 supplementalGroupsPolicy 12 *string ? enum=SupplementalGroupsPolicy
 fsGroup 5 *int64 ?
 sysctls 7 []Sysctl ? list=atomic
 fsGroupChangePolicy 9 *string ? enum=PodFSGroupChangePolicy
 seccompProfile 10 *SeccompProfile ?
 appArmorProfile 11 *AppArmorProfile ?
 seLinuxChangePolicy 13 *string ?
message SeccompProfile
 type 1 string enum=SeccompProfileType
 localhostProfile 2 *string ?
message AppArmorProfile
 type 1 string enum=AppArmorProfileType
 localhostProfile 2 *string ?
message PodDNSConfig
 nameservers 1 []string ? list=atomic
 searches 2 []string ? list=atomic
 options 3 []PodDNSConfigOption ? list=atomic
message PodDNSConfigOption
 name 1 string ?
 value 2 *string ?
message PodIP
 ip 1 string r
message HostIP
 ip 1 string r
message EphemeralContainerCommon
 name 1 string
 image 2 string ?
 command 3 []string ? list=atomic
 args 4 []string ? list=atomic
 workingDir 5 string ?
 ports 6 []ContainerPort ? patch=merge:containerPort list=map:containerPort,protocol
 envFrom 19 []EnvFromSource ? list=atomic
 env 7 []EnvVar ? patch=merge:name list=map:name
 resources 8 ResourceRequirements ?
 resizePolicy 23 []ContainerResizePolicy ? list=atomic
 restartPolicy 24 *string ?
 restartPolicyRules 25 []ContainerRestartRule ? list=atomic
 volumeMounts 9 []VolumeMount ? patch=merge:mountPath list=map:mountPath
 volumeDevices 21 []VolumeDevice ? patch=merge:devicePath list=map:devicePath
 livenessProbe 10 *Probe ?
 readinessProbe 11 *Probe ?
 startupProbe 22 *Probe ?
 lifecycle 12 *Lifecycle ?
 terminationMessagePath 13 string ?
 terminationMessagePolicy 20 string ? enum=TerminationMessagePolicy
 imagePullPolicy 14 string ? enum=PullPolicy
 securityContext 15 *SecurityContext ?
 stdin 16 bool ?
 stdinOnce 17 bool ?
 tty 18 bool ?
message EphemeralContainer
 & 1 EphemeralContainerCommon
 targetContainerName 2 string ?
message PodStatus
 observedGeneration 17 int64 ?
 phase 1 string ? enum=PodPhase
 conditions 2 []PodCondition ? patch=merge:type list=map:type
 message 3 string ?
 reason 4 string ?
 nominatedNodeName 11 string ?
 hostIP 5 string ?
 hostIPs 16 []HostIP ? patch=merge:ip list=atomic
 podIP 6 string ?
 podIPs 12 []PodIP ? patch=merge:ip list=map:ip
 startTime 7 *time ?
 initContainerStatuses 10 []ContainerStatus ? list=atomic
 containerStatuses 8 []ContainerStatus ? list=atomic
 qosClass 9 string ? enum=PodQOSClass
 ephemeralContainerStatuses 13 []ContainerStatus ? list=atomic
 resize 14 string ?
 resourceClaimStatuses 15 []PodResourceClaimStatus ? patch=merge,retainKeys:name list=map:name
 extendedResourceClaimStatus 18 *PodExtendedResourceClaimStatus ?
 allocatedResources 19 map:quantity ?
 resources 20 *ResourceRequirements ?
 nodeAllocatableResourceClaimStatuses 21 []NodeAllocatableResourceClaimStatus ? list=atomic
message PodStatusResult kind
 metadata 1 meta/v1.ObjectMeta ?
 status 2 PodStatus ?
message Pod kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodSpec ?
 status 3 PodStatus ?
message PodList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Pod
message PodTemplateSpec
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodSpec ?
message PodTemplate kind
 metadata 1 meta/v1.ObjectMeta ?
 template 2 PodTemplateSpec ?
message PodTemplateList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodTemplate
message ReplicationControllerSpec
 replicas 1 *int32 ? default=1
 minReadySeconds 4 int32 ? default=0
 selector 2 map:string ? map=atomic
 template 3 *PodTemplateSpec ?
message ReplicationControllerStatus
 replicas 1 int32
 fullyLabeledReplicas 2 int32 ?
 readyReplicas 4 int32 ?
 availableReplicas 5 int32 ?
 observedGeneration 3 int64 ?
 conditions 6 []ReplicationControllerCondition ? patch=merge:type list=map:type
message ReplicationControllerCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message ReplicationController kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ReplicationControllerSpec ?
 status 3 ReplicationControllerStatus ?
message ReplicationControllerList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ReplicationController
message SessionAffinityConfig
 clientIP 1 *ClientIPConfig ?
message ClientIPConfig
 timeoutSeconds 1 *int32 ?
message ServiceStatus
 loadBalancer 1 LoadBalancerStatus ?
 conditions 2 []meta/v1.Condition ? patch=merge:type list=map:type
message LoadBalancerStatus
 ingress 1 []LoadBalancerIngress ? list=atomic
message LoadBalancerIngress
 ip 1 string ?
 hostname 2 string ?
 ipMode 3 *string ?
 ports 4 []PortStatus ? list=atomic
message ServiceSpec
 ports 1 []ServicePort ? patch=merge:port list=map:port,protocol
 selector 2 map:string ? map=atomic
 clusterIP 3 string ?
 clusterIPs 18 []string ? list=atomic
 type 4 string ? enum=ServiceType
 externalIPs 5 []string ? list=atomic
 sessionAffinity 7 string ? enum=ServiceAffinity
 loadBalancerIP 8 string ?
 loadBalancerSourceRanges 9 []string ? list=atomic
 externalName 10 string ?
 externalTrafficPolicy 11 string ? enum=ServiceExternalTrafficPolicy
 healthCheckNodePort 12 int32 ?
 publishNotReadyAddresses 13 bool ?
 sessionAffinityConfig 14 *SessionAffinityConfig ?
 ipFamilies 19 []string ? list=atomic enum=IPFamily
 ipFamilyPolicy 17 *string ? enum=IPFamilyPolicy
 allocateLoadBalancerNodePorts 20 *bool ?
 loadBalancerClass 21 *string ?
 internalTrafficPolicy 22 *string ? enum=ServiceInternalTrafficPolicy
 trafficDistribution 23 *string ?
 topologyKeys 16 []string ? until=1.21
 ipFamily 15 *string ? until=1.19
message ServicePort
 name 1 string ?
 protocol 2 string ? default="TCP" enum=Protocol
 appProtocol 6 *string ?
 port 3 int32
 targetPort 4 intorstring ?
 nodePort 5 int32 ?
message Service kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ServiceSpec ?
 status 3 ServiceStatus ?
message ServiceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Service
message ServiceAccount kind
 metadata 1 meta/v1.ObjectMeta ?
 secrets 2 []ObjectReference ? patch=merge:name list=map:name
 imagePullSecrets 3 []LocalObjectReference ? list=atomic
 automountServiceAccountToken 4 *bool ?
message ServiceAccountList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ServiceAccount
message Endpoints kind
 metadata 1 meta/v1.ObjectMeta ?
 subsets 2 []EndpointSubset ? list=atomic
message EndpointSubset
 addresses 1 []EndpointAddress ? list=atomic
 notReadyAddresses 2 []EndpointAddress ? list=atomic
 ports 3 []EndpointPort ? list=atomic
message EndpointAddress atomic
 ip 1 string
 hostname 3 string ?
 nodeName 4 *string ?
 targetRef 2 *ObjectReference ?
message EndpointPort atomic
 name 1 string ?
 port 2 int32
 protocol 3 string ? enum=Protocol
 appProtocol 4 *string ?
message EndpointsList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Endpoints
message NodeSpec
 podCIDR 1 string ?
 podCIDRs 7 []string ? patch=merge list=set
 providerID 3 string ?
 unschedulable 4 bool ?
 taints 5 []Taint ? list=atomic
 configSource 6 *NodeConfigSource ?
 externalID 2 string ?
message NodeConfigSource
 configMap 2 *ConfigMapNodeConfigSource ?
 configMapRef 1 *ObjectReference ? until=1.10
message ConfigMapNodeConfigSource
 namespace 1 string
 name 2 string
 uid 3 string ?
 resourceVersion 4 string ?
 kubeletConfigKey 5 string
message DaemonEndpoint
 Port 1 int32
message NodeDaemonEndpoints
 kubeletEndpoint 1 DaemonEndpoint ?
message NodeRuntimeHandlerFeatures
 recursiveReadOnlyMounts 1 *bool ?
 userNamespaces 2 *bool ?
message NodeRuntimeHandler
 name 1 string o
 features 2 *NodeRuntimeHandlerFeatures ?
message NodeFeatures
 supplementalGroupsPolicy 1 *bool ?
message NodeSystemInfo
 machineID 1 string
 systemUUID 2 string
 bootID 3 string
 kernelVersion 4 string
 osImage 5 string
 containerRuntimeVersion 6 string
 kubeletVersion 7 string
 kubeProxyVersion 8 string
 operatingSystem 9 string
 architecture 10 string
 swap 11 *NodeSwapStatus ?
message NodeSwapStatus
 capacity 1 *int64 ?
message NodeConfigStatus
 assigned 1 *NodeConfigSource ?
 active 2 *NodeConfigSource ?
 lastKnownGood 3 *NodeConfigSource ?
 error 4 string ?
message NodeStatus
 capacity 1 map:quantity ?
 allocatable 2 map:quantity ?
 phase 3 string ? enum=NodePhase
 conditions 4 []NodeCondition ? patch=merge:type list=map:type
 addresses 5 []NodeAddress ? patch=merge:type list=map:type
 daemonEndpoints 6 NodeDaemonEndpoints ?
 nodeInfo 7 NodeSystemInfo ?
 images 8 []ContainerImage ? list=atomic
 volumesInUse 9 []string ? list=atomic
 volumesAttached 10 []AttachedVolume ? list=atomic
 config 11 *NodeConfigStatus ?
 runtimeHandlers 12 []NodeRuntimeHandler ? list=atomic
 features 13 *NodeFeatures ?
 declaredFeatures 14 []string ? list=atomic
message AttachedVolume
 name 1 string
 devicePath 2 string
message AvoidPods
 preferAvoidPods 1 []PreferAvoidPodsEntry ? list=atomic
message PreferAvoidPodsEntry
 podSignature 1 PodSignature
 evictionTime 2 time ?
 reason 3 string ?
 message 4 string ?
message PodSignature
 podController 1 *meta/v1.OwnerReference ?
message ContainerImage
 names 1 []string o list=atomic
 sizeBytes 2 int64 ?
message NodeCondition
 type 1 string
 status 2 string
 lastHeartbeatTime 3 time ?
 lastTransitionTime 4 time ?
 reason 5 string ?
 message 6 string ?
message NodeAddress
 type 1 string
 address 2 string
message Node kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 NodeSpec ?
 status 3 NodeStatus ?
message NodeList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Node
message NamespaceSpec
 finalizers 1 []string ? list=atomic
message NamespaceStatus
 phase 1 string ? enum=NamespacePhase
 conditions 2 []NamespaceCondition ? patch=merge:type list=map:type
message NamespaceCondition
 type 1 string
 status 2 string
 lastTransitionTime 4 time ?
 reason 5 string ?
 message 6 string ?
message Namespace kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 NamespaceSpec ?
 status 3 NamespaceStatus ?
message NamespaceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Namespace
message Binding kind
 metadata 1 meta/v1.ObjectMeta ?
 target 2 ObjectReference
message Preconditions
 uid 1 *string ?
message PodLogOptions kind
 container 1 string ?
 follow 2 bool ?
 previous 3 bool ?
 sinceSeconds 4 *int64 ?
 sinceTime 5 *time ?
 timestamps 6 bool ?
 tailLines 7 *int64 ?
 limitBytes 8 *int64 ?
 insecureSkipTLSVerifyBackend 9 bool ?
 stream 10 *string ?
message PodAttachOptions kind
 stdin 1 bool ?
 stdout 2 bool ?
 stderr 3 bool ?
 tty 4 bool ?
 container 5 string ?
message PodExecOptions kind
 stdin 1 bool ?
 stdout 2 bool ?
 stderr 3 bool ?
 tty 4 bool ?
 container 5 string ?
 command 6 []string list=atomic
message PodPortForwardOptions kind
 ports 1 []int32 ? list=atomic
message PodProxyOptions kind
 path 1 string ?
message NodeProxyOptions kind
 path 1 string ?
message ServiceProxyOptions kind
 path 1 string ?
message ObjectReference atomic
 kind 1 string ?
 namespace 2 string ?
 name 3 string ?
 uid 4 string ?
 apiVersion 5 string ?
 resourceVersion 6 string ?
 fieldPath 7 string ?
message LocalObjectReference atomic
 name 1 string ? default=""
message TypedLocalObjectReference atomic
 apiGroup 1 *string o
 kind 2 string
 name 3 string
message SerializedReference kind
 reference 1 ObjectReference ?
message EventSource
 component 1 string ?
 host 2 string ?
message Event kind
 metadata 1 meta/v1.ObjectMeta
 involvedObject 2 ObjectReference
 reason 3 string ?
 message 4 string ?
 source 5 EventSource ?
 firstTimestamp 6 time ?
 lastTimestamp 7 time ?
 count 8 int32 ?
 type 9 string ?
 eventTime 10 microtime ?
 series 11 *EventSeries ?
 action 12 string ?
 related 13 *ObjectReference ?
 reportingComponent 14 string o
 reportingInstance 15 string o
message EventSeries
 count 1 int32 ?
 lastObservedTime 2 microtime ?
 state 3 string ? until=1.18
message EventList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Event
message List same=meta/v1.List
message LimitRangeItem
 type 1 string
 max 2 map:quantity ?
 min 3 map:quantity ?
 default 4 map:quantity ?
 defaultRequest 5 map:quantity ?
 maxLimitRequestRatio 6 map:quantity ?
message LimitRangeSpec
 limits 1 []LimitRangeItem list=atomic
message LimitRange kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 LimitRangeSpec ?
message LimitRangeList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []LimitRange
message ResourceQuotaSpec
 hard 1 map:quantity ?
 scopes 2 []string ? list=atomic enum=ResourceQuotaScope
 scopeSelector 3 *ScopeSelector ?
message ScopeSelector atomic
 matchExpressions 1 []ScopedResourceSelectorRequirement ? list=atomic
message ScopedResourceSelectorRequirement
 scopeName 1 string enum=ResourceQuotaScope
 operator 2 string enum=ScopeSelectorOperator
 values 3 []string ? list=atomic
message ResourceQuotaStatus
 hard 1 map:quantity ?
 used 2 map:quantity ?
message ResourceQuota kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceQuotaSpec ?
 status 3 ResourceQuotaStatus ?
message ResourceQuotaList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceQuota
message Secret kind
 metadata 1 meta/v1.ObjectMeta ?
 immutable 5 *bool ?
 data 2 map:bytes ?
 stringData 4 map:string ?
 type 3 string ?
message SecretList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Secret
message ConfigMap kind
 metadata 1 meta/v1.ObjectMeta ?
 immutable 4 *bool ?
 data 2 map:string ?
 binaryData 3 map:bytes ?
message ConfigMapList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ConfigMap
message ComponentCondition
 type 1 string
 status 2 string
 message 3 string ?
 error 4 string ?
message ComponentStatus kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 conditions 2 []ComponentCondition ? patch=merge:type list=map:type
message ComponentStatusList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ComponentStatus
message DownwardAPIVolumeSource
 items 1 []DownwardAPIVolumeFile ? list=atomic
 defaultMode 2 *int32 ?
message DownwardAPIVolumeFile
 path 1 string
 fieldRef 2 *ObjectFieldSelector ?
 resourceFieldRef 3 *ResourceFieldSelector ?
 mode 4 *int32 ?
message DownwardAPIProjection
 items 1 []DownwardAPIVolumeFile ? list=atomic
message SecurityContext
 capabilities 1 *Capabilities ?
 privileged 2 *bool ?
 seLinuxOptions 3 *SELinuxOptions ?
 windowsOptions 10 *WindowsSecurityContextOptions ?
 runAsUser 4 *int64 ?
 runAsGroup 8 *int64 ?
 runAsNonRoot 5 *bool ?
 readOnlyRootFilesystem 6 *bool ?
 allowPrivilegeEscalation 7 *bool ?
 procMount 9 *string ? enum=ProcMountType
 seccompProfile 11 *SeccompProfile ?
 appArmorProfile 12 *AppArmorProfile ?
message SELinuxOptions
 user 1 string ?
 role 2 string ?
 type 3 string ?
 level 4 string ?
message WindowsSecurityContextOptions
 gmsaCredentialSpecName 1 *string ?
 gmsaCredentialSpec 2 *string ?
 runAsUserName 3 *string ?
 hostProcess 4 *bool ?
message RangeAllocation kind
 metadata 1 meta/v1.ObjectMeta ?
 range 2 string
 data 3 bytes
message Sysctl
 name 1 string
 value 2 string
message PortStatus
 port 1 int32
 protocol 2 string enum=Protocol
 error 3 *string ?
message ImageVolumeSource
 reference 1 string ?
 pullPolicy 2 string ? enum=PullPolicy
message NodeAllocatableResourceClaimStatus
 resourceClaimName 1 string r
 containers 2 []string ? list=set
 resources 3 map:quantity r
message WorkloadReference until=1.35
 name 1 string r
 podGroup 2 string r
 podGroupReplicaKey 3 string ?
message ClaimSource until=1.30
 resourceClaimName 1 *string ?
 resourceClaimTemplateName 2 *string ?
message NodeResources until=1.29
 capacity 1 map:quantity
message Handler until=1.22
 exec 1 *ExecAction ?
 httpGet 2 *HTTPGetAction ?
 tcpSocket 3 *TCPSocketAction ?
message EphemeralContainers kind until=1.21
 metadata 1 meta/v1.ObjectMeta ?
 ephemeralContainers 2 []EphemeralContainer patch=merge:name
`;
