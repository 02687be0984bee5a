/**
 * Facts of Kubernetes' API types (workloads); made by `npm run kubernetes:table`, not by hand.
 */
export const workloads: string = `
package apps/v1 apps v1
kinds Deployment DeploymentList StatefulSet StatefulSetList DaemonSet DaemonSetList ReplicaSet ReplicaSetList ControllerRevision ControllerRevisionList
enum PodManagementPolicyType OrderedReady Parallel
enum StatefulSetUpdateStrategyType OnDelete RollingUpdate
enum DeploymentStrategyType Recreate RollingUpdate
enum DaemonSetUpdateStrategyType OnDelete RollingUpdate
message StatefulSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 StatefulSetSpec ?
 status 3 StatefulSetStatus ?
message StatefulSetUpdateStrategy
 type 1 string ? enum=StatefulSetUpdateStrategyType
 rollingUpdate 2 *RollingUpdateStatefulSetStrategy ?
message RollingUpdateStatefulSetStrategy
 partition 1 *int32 ?
 maxUnavailable 2 *intorstring ?
message StatefulSetPersistentVolumeClaimRetentionPolicy
 whenDeleted 1 string ?
 whenScaled 2 string ?
message StatefulSetOrdinals
 start 1 int32 o
message StatefulSetSpec
 replicas 1 *int32 ?
 selector 2 *meta/v1.LabelSelector
 template 3 core/v1.PodTemplateSpec
 volumeClaimTemplates 4 []core/v1.PersistentVolumeClaim ? list=atomic
 serviceName 5 string o
 podManagementPolicy 6 string ? enum=PodManagementPolicyType
 updateStrategy 7 StatefulSetUpdateStrategy ?
 revisionHistoryLimit 8 *int32 ?
 minReadySeconds 9 int32 ?
 persistentVolumeClaimRetentionPolicy 10 *StatefulSetPersistentVolumeClaimRetentionPolicy ?
 ordinals 11 *StatefulSetOrdinals ?
message StatefulSetStatus
 observedGeneration 1 int64 ?
 replicas 2 int32
 readyReplicas 3 int32 ?
 currentReplicas 4 int32 ?
 updatedReplicas 5 int32 ?
 currentRevision 6 string ?
 updateRevision 7 string ?
 collisionCount 9 *int32 ?
 conditions 10 []StatefulSetCondition ? patch=merge:type list=map:type
 availableReplicas 11 int32 o
message StatefulSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message StatefulSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []StatefulSet
message Deployment kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeploymentSpec ?
 status 3 DeploymentStatus ?
message DeploymentSpec
 replicas 1 *int32 ?
 selector 2 *meta/v1.LabelSelector
 template 3 core/v1.PodTemplateSpec
 strategy 4 DeploymentStrategy ? patch=retainKeys
 minReadySeconds 5 int32 ?
 revisionHistoryLimit 6 *int32 ?
 paused 7 bool ?
 progressDeadlineSeconds 9 *int32 ?
message DeploymentStrategy
 type 1 string ? enum=DeploymentStrategyType
 rollingUpdate 2 *RollingUpdateDeployment ?
message RollingUpdateDeployment
 maxUnavailable 1 *intorstring ?
 maxSurge 2 *intorstring ?
message DeploymentStatus
 observedGeneration 1 int64 ?
 replicas 2 int32 ?
 updatedReplicas 3 int32 ?
 readyReplicas 7 int32 ?
 availableReplicas 4 int32 ?
 unavailableReplicas 5 int32 ?
 terminatingReplicas 9 *int32 ?
 conditions 6 []DeploymentCondition ? patch=merge:type list=map:type
 collisionCount 8 *int32 ?
message DeploymentCondition
 type 1 string
 status 2 string
 lastUpdateTime 6 time ?
 lastTransitionTime 7 time ?
 reason 4 string ?
 message 5 string ?
message DeploymentList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Deployment
message DaemonSetUpdateStrategy
 type 1 string ? enum=DaemonSetUpdateStrategyType
 rollingUpdate 2 *RollingUpdateDaemonSet ?
message RollingUpdateDaemonSet
 maxUnavailable 1 *intorstring ?
 maxSurge 2 *intorstring ?
message DaemonSetSpec
 selector 1 *meta/v1.LabelSelector
 template 2 core/v1.PodTemplateSpec
 updateStrategy 3 DaemonSetUpdateStrategy ?
 minReadySeconds 4 int32 ?
 revisionHistoryLimit 6 *int32 ?
message DaemonSetStatus
 currentNumberScheduled 1 int32
 numberMisscheduled 2 int32
 desiredNumberScheduled 3 int32
 numberReady 4 int32
 observedGeneration 5 int64 ?
 updatedNumberScheduled 6 int32 ?
 numberAvailable 7 int32 ?
 numberUnavailable 8 int32 ?
 collisionCount 9 *int32 ?
 conditions 10 []DaemonSetCondition ? patch=merge:type list=map:type
message DaemonSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message DaemonSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DaemonSetSpec ?
 status 3 DaemonSetStatus ?
message DaemonSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []DaemonSet
message ReplicaSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ReplicaSetSpec ?
 status 3 ReplicaSetStatus ?
message ReplicaSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ReplicaSet
message ReplicaSetSpec
 replicas 1 *int32 ?
 minReadySeconds 4 int32 ?
 selector 2 *meta/v1.LabelSelector
 template 3 core/v1.PodTemplateSpec ?
message ReplicaSetStatus
 replicas 1 int32
 fullyLabeledReplicas 2 int32 ?
 readyReplicas 4 int32 ?
 availableReplicas 5 int32 ?
 terminatingReplicas 7 *int32 ?
 observedGeneration 3 int64 ?
 conditions 6 []ReplicaSetCondition ? patch=merge:type list=map:type
message ReplicaSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message ControllerRevision kind
 metadata 1 meta/v1.ObjectMeta ?
 data 2 raw ?
 revision 3 int64
message ControllerRevisionList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ControllerRevision

package apps/v1beta1 apps v1beta1
kinds Deployment DeploymentList DeploymentRollback Scale StatefulSet StatefulSetList ControllerRevision ControllerRevisionList
message ScaleSpec
 replicas 1 int32 ? default=0
message ScaleStatus
 replicas 1 int32
 selector 2 map:string ?
 targetSelector 3 string ?
message Scale kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ScaleSpec ?
 status 3 ScaleStatus ?
message StatefulSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 StatefulSetSpec ?
 status 3 StatefulSetStatus ?
message StatefulSetUpdateStrategy
 type 1 string ?
 rollingUpdate 2 *RollingUpdateStatefulSetStrategy ?
message RollingUpdateStatefulSetStrategy
 partition 1 *int32 ?
 maxUnavailable 2 *intorstring ?
message StatefulSetPersistentVolumeClaimRetentionPolicy
 whenDeleted 1 string ?
 whenScaled 2 string ?
message StatefulSetOrdinals
 start 1 int32 o
message StatefulSetSpec
 replicas 1 *int32 ?
 selector 2 *meta/v1.LabelSelector ?
 template 3 core/v1.PodTemplateSpec
 volumeClaimTemplates 4 []core/v1.PersistentVolumeClaim ? list=atomic
 serviceName 5 string o
 podManagementPolicy 6 string ?
 updateStrategy 7 StatefulSetUpdateStrategy ?
 revisionHistoryLimit 8 *int32 ?
 minReadySeconds 9 int32 ?
 persistentVolumeClaimRetentionPolicy 10 *StatefulSetPersistentVolumeClaimRetentionPolicy ?
 ordinals 11 *StatefulSetOrdinals ?
message StatefulSetStatus
 observedGeneration 1 *int64 ?
 replicas 2 int32
 readyReplicas 3 int32 ?
 currentReplicas 4 int32 ?
 updatedReplicas 5 int32 ?
 currentRevision 6 string ?
 updateRevision 7 string ?
 collisionCount 9 *int32 ?
 conditions 10 []StatefulSetCondition ? patch=merge:type list=map:type
 availableReplicas 11 int32 o
message StatefulSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message StatefulSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []StatefulSet
message Deployment kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeploymentSpec ?
 status 3 DeploymentStatus ?
message DeploymentSpec
 replicas 1 *int32 ?
 selector 2 *meta/v1.LabelSelector ?
 template 3 core/v1.PodTemplateSpec
 strategy 4 DeploymentStrategy ? patch=retainKeys
 minReadySeconds 5 int32 ?
 revisionHistoryLimit 6 *int32 ?
 paused 7 bool ?
 rollbackTo 8 *RollbackConfig ?
 progressDeadlineSeconds 9 *int32 ?
message DeploymentRollback kind
 name 1 string
 updatedAnnotations 2 map:string ?
 rollbackTo 3 RollbackConfig
message RollbackConfig
 revision 1 int64 ?
message DeploymentStrategy
 type 1 string ?
 rollingUpdate 2 *RollingUpdateDeployment ?
message RollingUpdateDeployment
 maxUnavailable 1 *intorstring ?
 maxSurge 2 *intorstring ?
message DeploymentStatus
 observedGeneration 1 int64 ?
 replicas 2 int32 ?
 updatedReplicas 3 int32 ?
 readyReplicas 7 int32 ?
 availableReplicas 4 int32 ?
 unavailableReplicas 5 int32 ?
 terminatingReplicas 9 *int32 ?
 conditions 6 []DeploymentCondition ? patch=merge:type list=map:type
 collisionCount 8 *int32 ?
message DeploymentCondition
 type 1 string
 status 2 string
 lastUpdateTime 6 time ?
 lastTransitionTime 7 time ?
 reason 4 string ?
 message 5 string ?
message DeploymentList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Deployment
message ControllerRevision kind
 metadata 1 meta/v1.ObjectMeta ?
 data 2 raw ?
 revision 3 int64
message ControllerRevisionList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ControllerRevision

package apps/v1beta2 apps v1beta2
kinds Deployment DeploymentList Scale StatefulSet StatefulSetList DaemonSet DaemonSetList ReplicaSet ReplicaSetList ControllerRevision ControllerRevisionList
message ScaleSpec
 replicas 1 int32 ? default=0
message ScaleStatus
 replicas 1 int32
 selector 2 map:string ? map=atomic
 targetSelector 3 string ?
message Scale kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ScaleSpec ?
 status 3 ScaleStatus ?
message StatefulSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 StatefulSetSpec ?
 status 3 StatefulSetStatus ?
message StatefulSetUpdateStrategy
 type 1 string ?
 rollingUpdate 2 *RollingUpdateStatefulSetStrategy ?
message RollingUpdateStatefulSetStrategy
 partition 1 *int32 ?
 maxUnavailable 2 *intorstring ?
message StatefulSetPersistentVolumeClaimRetentionPolicy
 whenDeleted 1 string ?
 whenScaled 2 string ?
message StatefulSetOrdinals
 start 1 int32 o
message StatefulSetSpec
 replicas 1 *int32 ?
 selector 2 *meta/v1.LabelSelector
 template 3 core/v1.PodTemplateSpec
 volumeClaimTemplates 4 []core/v1.PersistentVolumeClaim ? list=atomic
 serviceName 5 string o
 podManagementPolicy 6 string ?
 updateStrategy 7 StatefulSetUpdateStrategy ?
 revisionHistoryLimit 8 *int32 ?
 minReadySeconds 9 int32 ?
 persistentVolumeClaimRetentionPolicy 10 *StatefulSetPersistentVolumeClaimRetentionPolicy ?
 ordinals 11 *StatefulSetOrdinals ?
message StatefulSetStatus
 observedGeneration 1 int64 ?
 replicas 2 int32
 readyReplicas 3 int32 ?
 currentReplicas 4 int32 ?
 updatedReplicas 5 int32 ?
 currentRevision 6 string ?
 updateRevision 7 string ?
 collisionCount 9 *int32 ?
 conditions 10 []StatefulSetCondition ? patch=merge:type list=map:type
 availableReplicas 11 int32 o
message StatefulSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message StatefulSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []StatefulSet
message Deployment kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeploymentSpec ?
 status 3 DeploymentStatus ?
message DeploymentSpec
 replicas 1 *int32 ?
 selector 2 *meta/v1.LabelSelector
 template 3 core/v1.PodTemplateSpec
 strategy 4 DeploymentStrategy ? patch=retainKeys
 minReadySeconds 5 int32 ?
 revisionHistoryLimit 6 *int32 ?
 paused 7 bool ?
 progressDeadlineSeconds 9 *int32 ?
message DeploymentStrategy
 type 1 string ?
 rollingUpdate 2 *RollingUpdateDeployment ?
message RollingUpdateDeployment
 maxUnavailable 1 *intorstring ?
 maxSurge 2 *intorstring ?
message DeploymentStatus
 observedGeneration 1 int64 ?
 replicas 2 int32 ?
 updatedReplicas 3 int32 ?
 readyReplicas 7 int32 ?
 availableReplicas 4 int32 ?
 unavailableReplicas 5 int32 ?
 terminatingReplicas 9 *int32 ?
 conditions 6 []DeploymentCondition ? patch=merge:type list=map:type
 collisionCount 8 *int32 ?
message DeploymentCondition
 type 1 string
 status 2 string
 lastUpdateTime 6 time ?
 lastTransitionTime 7 time ?
 reason 4 string ?
 message 5 string ?
message DeploymentList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Deployment
message DaemonSetUpdateStrategy
 type 1 string ?
 rollingUpdate 2 *RollingUpdateDaemonSet ?
message RollingUpdateDaemonSet
 maxUnavailable 1 *intorstring ?
 maxSurge 2 *intorstring ?
message DaemonSetSpec
 selector 1 *meta/v1.LabelSelector
 template 2 core/v1.PodTemplateSpec
 updateStrategy 3 DaemonSetUpdateStrategy ?
 minReadySeconds 4 int32 ?
 revisionHistoryLimit 6 *int32 ?
message DaemonSetStatus
 currentNumberScheduled 1 int32
 numberMisscheduled 2 int32
 desiredNumberScheduled 3 int32
 numberReady 4 int32
 observedGeneration 5 int64 ?
 updatedNumberScheduled 6 int32 ?
 numberAvailable 7 int32 ?
 numberUnavailable 8 int32 ?
 collisionCount 9 *int32 ?
 conditions 10 []DaemonSetCondition ? patch=merge:type list=map:type
message DaemonSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message DaemonSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DaemonSetSpec ?
 status 3 DaemonSetStatus ?
message DaemonSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []DaemonSet
message ReplicaSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ReplicaSetSpec ?
 status 3 ReplicaSetStatus ?
message ReplicaSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ReplicaSet
message ReplicaSetSpec
 replicas 1 *int32 ?
 minReadySeconds 4 int32 ?
 selector 2 *meta/v1.LabelSelector
 template 3 core/v1.PodTemplateSpec ?
message ReplicaSetStatus
 replicas 1 int32
 fullyLabeledReplicas 2 int32 ?
 readyReplicas 4 int32 ?
 availableReplicas 5 int32 ?
 terminatingReplicas 7 *int32 ?
 observedGeneration 3 int64 ?
 conditions 6 []ReplicaSetCondition ? patch=merge:type list=map:type
message ReplicaSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message ControllerRevision kind
 metadata 1 meta/v1.ObjectMeta ?
 data 2 raw ?
 revision 3 int64
message ControllerRevisionList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ControllerRevision

package batch/v1 batch v1
kinds Job JobList CronJob CronJobList
enum CompletionMode Indexed NonIndexed
enum PodFailurePolicyAction Count FailIndex FailJob Ignore
enum PodFailurePolicyOnExitCodesOperator In NotIn
enum PodReplacementPolicy Failed TerminatingOrFailed
enum ConcurrencyPolicy Allow Forbid Replace
message Job kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 JobSpec ?
 status 3 JobStatus ?
message JobList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Job
message PodFailurePolicyOnExitCodesRequirement
 containerName 1 *string ?
 operator 2 string enum=PodFailurePolicyOnExitCodesOperator
 values 3 []int32 list=set
message PodFailurePolicyOnPodConditionsPattern
 type 1 string
 status 2 string o
message PodFailurePolicyRule
 action 1 string enum=PodFailurePolicyAction
 onExitCodes 2 *PodFailurePolicyOnExitCodesRequirement ?
 onPodConditions 3 []PodFailurePolicyOnPodConditionsPattern ? list=atomic
message PodFailurePolicy
 rules 1 []PodFailurePolicyRule list=atomic
message SuccessPolicy
 rules 1 []SuccessPolicyRule list=atomic
message SuccessPolicyRule
 succeededIndexes 1 *string ?
 succeededCount 2 *int32 ?
message JobSpec
 parallelism 1 *int32 ?
 completions 2 *int32 ?
 activeDeadlineSeconds 3 *int64 ?
 podFailurePolicy 11 *PodFailurePolicy ?
 successPolicy 16 *SuccessPolicy ?
 backoffLimit 7 *int32 ?
 backoffLimitPerIndex 12 *int32 ?
 maxFailedIndexes 13 *int32 ?
 selector 4 *meta/v1.LabelSelector ?
 manualSelector 5 *bool ?
 template 6 core/v1.PodTemplateSpec
 ttlSecondsAfterFinished 8 *int32 ?
 completionMode 9 *string ? enum=CompletionMode
 suspend 10 *bool ?
 podReplacementPolicy 14 *string ? enum=PodReplacementPolicy
 managedBy 15 *string ?
message JobStatus
 conditions 1 []JobCondition ? patch=merge:type list=atomic
 startTime 2 *time ?
 completionTime 3 *time ?
 active 4 int32 ?
 succeeded 5 int32 ?
 failed 6 int32 ?
 terminating 11 *int32 ?
 completedIndexes 7 string ?
 failedIndexes 10 *string ?
 uncountedTerminatedPods 8 *UncountedTerminatedPods ?
 ready 9 *int32 ?
message UncountedTerminatedPods
 succeeded 1 []string ? list=set
 failed 2 []string ? list=set
message JobCondition
 type 1 string
 status 2 string
 lastProbeTime 3 time ?
 lastTransitionTime 4 time ?
 reason 5 string ?
 message 6 string ?
message JobTemplateSpec
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 JobSpec ?
message CronJob kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CronJobSpec ? r
 status 3 CronJobStatus ?
message CronJobList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CronJob
message CronJobSpec
 schedule 1 string r
 timeZone 8 *string ?
 startingDeadlineSeconds 2 *int64 ?
 concurrencyPolicy 3 string ? enum=ConcurrencyPolicy
 suspend 4 *bool ?
 jobTemplate 5 JobTemplateSpec
 successfulJobsHistoryLimit 6 *int32 ?
 failedJobsHistoryLimit 7 *int32 ?
message CronJobStatus
 active 1 []core/v1.ObjectReference ? list=atomic
 lastScheduleTime 4 *time ?
 lastSuccessfulTime 5 *time ?

package batch/v1beta1 batch v1beta1
kinds CronJob CronJobList JobTemplate
message JobTemplateSpec
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 batch/v1.JobSpec ?
message CronJob kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CronJobSpec ? r
 status 3 CronJobStatus ?
message CronJobList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CronJob
message CronJobSpec
 schedule 1 string r
 timeZone 8 *string ?
 startingDeadlineSeconds 2 *int64 ?
 concurrencyPolicy 3 string ?
 suspend 4 *bool ?
 jobTemplate 5 JobTemplateSpec
 successfulJobsHistoryLimit 6 *int32 ?
 failedJobsHistoryLimit 7 *int32 ?
message CronJobStatus
 active 1 []core/v1.ObjectReference ? list=atomic
 lastScheduleTime 4 *time ?
 lastSuccessfulTime 5 *time ?
message JobTemplate kind until=1.26
 metadata 1 meta/v1.ObjectMeta ?
 template 2 JobTemplateSpec ?

package batch/v2alpha1 batch v2alpha1
kinds JobTemplate CronJob CronJobList
message JobTemplate kind until=1.20
 metadata 1 meta/v1.ObjectMeta ?
 template 2 JobTemplateSpec ?
message JobTemplateSpec until=1.20
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 batch/v1.JobSpec ?
message CronJob kind until=1.20
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CronJobSpec ?
 status 3 CronJobStatus ?
message CronJobList kind until=1.20
 metadata 1 meta/v1.ListMeta ?
 items 2 []CronJob
message CronJobSpec until=1.20
 schedule 1 string
 startingDeadlineSeconds 2 *int64 ?
 concurrencyPolicy 3 string ?
 suspend 4 *bool ?
 jobTemplate 5 JobTemplateSpec
 successfulJobsHistoryLimit 6 *int32 ?
 failedJobsHistoryLimit 7 *int32 ?
message CronJobStatus until=1.20
 active 1 []core/v1.ObjectReference ?
 lastScheduleTime 4 *time ?

package extensions/v1beta1 extensions v1beta1
kinds Deployment DeploymentList DeploymentRollback Scale DaemonSetList DaemonSet Ingress IngressList ReplicaSet ReplicaSetList NetworkPolicy NetworkPolicyList PodSecurityPolicy PodSecurityPolicyList ReplicationControllerDummy
message ScaleSpec
 replicas 1 int32 ? default=0
message ScaleStatus
 replicas 1 int32
 selector 2 map:string ? map=atomic
 targetSelector 3 string ?
message Scale kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ScaleSpec ?
 status 3 ScaleStatus ?
message Deployment kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeploymentSpec ?
 status 3 DeploymentStatus ?
message DeploymentSpec
 replicas 1 *int32 ?
 selector 2 *meta/v1.LabelSelector ?
 template 3 core/v1.PodTemplateSpec
 strategy 4 DeploymentStrategy ? patch=retainKeys
 minReadySeconds 5 int32 ?
 revisionHistoryLimit 6 *int32 ?
 paused 7 bool ?
 rollbackTo 8 *RollbackConfig ?
 progressDeadlineSeconds 9 *int32 ?
message DeploymentRollback kind
 name 1 string
 updatedAnnotations 2 map:string ?
 rollbackTo 3 RollbackConfig
message RollbackConfig
 revision 1 int64 ?
message DeploymentStrategy
 type 1 string ?
 rollingUpdate 2 *RollingUpdateDeployment ?
message RollingUpdateDeployment
 maxUnavailable 1 *intorstring ?
 maxSurge 2 *intorstring ?
message DeploymentStatus
 observedGeneration 1 int64 ?
 replicas 2 int32 ?
 updatedReplicas 3 int32 ?
 readyReplicas 7 int32 ?
 availableReplicas 4 int32 ?
 unavailableReplicas 5 int32 ?
 terminatingReplicas 9 *int32 ?
 conditions 6 []DeploymentCondition ? patch=merge:type list=map:type
 collisionCount 8 *int32 ?
message DeploymentCondition
 type 1 string
 status 2 string
 lastUpdateTime 6 time ?
 lastTransitionTime 7 time ?
 reason 4 string ?
 message 5 string ?
message DeploymentList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Deployment
message DaemonSetUpdateStrategy
 type 1 string ?
 rollingUpdate 2 *RollingUpdateDaemonSet ?
message RollingUpdateDaemonSet
 maxUnavailable 1 *intorstring ?
 maxSurge 2 *intorstring ?
message DaemonSetSpec
 selector 1 *meta/v1.LabelSelector ?
 template 2 core/v1.PodTemplateSpec
 updateStrategy 3 DaemonSetUpdateStrategy ?
 minReadySeconds 4 int32 ?
 templateGeneration 5 int64 ?
 revisionHistoryLimit 6 *int32 ?
message DaemonSetStatus
 currentNumberScheduled 1 int32
 numberMisscheduled 2 int32
 desiredNumberScheduled 3 int32
 numberReady 4 int32
 observedGeneration 5 int64 ?
 updatedNumberScheduled 6 int32 ?
 numberAvailable 7 int32 ?
 numberUnavailable 8 int32 ?
 collisionCount 9 *int32 ?
 conditions 10 []DaemonSetCondition ? patch=merge:type list=map:type
message DaemonSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message DaemonSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DaemonSetSpec ?
 status 3 DaemonSetStatus ?
message DaemonSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []DaemonSet
message Ingress kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 IngressSpec ?
 status 3 IngressStatus ?
message IngressList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Ingress
message IngressSpec
 ingressClassName 4 *string ?
 backend 1 *IngressBackend ?
 tls 2 []IngressTLS ? list=atomic
 rules 3 []IngressRule ? list=atomic
message IngressTLS
 hosts 1 []string ? list=atomic
 secretName 2 string ?
message IngressStatus
 loadBalancer 1 IngressLoadBalancerStatus ?
message IngressLoadBalancerStatus
 ingress 1 []IngressLoadBalancerIngress ? list=atomic
message IngressLoadBalancerIngress
 ip 1 string ?
 hostname 2 string ?
 ports 4 []IngressPortStatus ? list=atomic
message IngressPortStatus
 port 1 int32
 protocol 2 string enum=core/v1.Protocol
 error 3 *string ?
message IngressRule
 host 1 string ?
 & 2 IngressRuleValue o
message IngressRuleValue
 http 1 *HTTPIngressRuleValue ?
message HTTPIngressRuleValue
 paths 1 []HTTPIngressPath list=atomic
message HTTPIngressPath
 path 1 string ?
 pathType 3 *string ?
 backend 2 IngressBackend
message IngressBackend
 serviceName 1 string ?
 servicePort 2 intorstring ?
 resource 3 *core/v1.TypedLocalObjectReference ?
message ReplicaSet kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ReplicaSetSpec ?
 status 3 ReplicaSetStatus ?
message ReplicaSetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ReplicaSet
message ReplicaSetSpec
 replicas 1 *int32 ?
 minReadySeconds 4 int32 ?
 selector 2 *meta/v1.LabelSelector ?
 template 3 core/v1.PodTemplateSpec ?
message ReplicaSetStatus
 replicas 1 int32
 fullyLabeledReplicas 2 int32 ?
 readyReplicas 4 int32 ?
 availableReplicas 5 int32 ?
 terminatingReplicas 7 *int32 ?
 observedGeneration 3 int64 ?
 conditions 6 []ReplicaSetCondition ? patch=merge:type list=map:type
message ReplicaSetCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message NetworkPolicy kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 NetworkPolicySpec ?
 status 3 NetworkPolicyStatus ? until=1.27
message NetworkPolicySpec
 podSelector 1 meta/v1.LabelSelector
 ingress 2 []NetworkPolicyIngressRule ? list=atomic
 egress 3 []NetworkPolicyEgressRule ? list=atomic
 policyTypes 4 []string ? list=atomic
message NetworkPolicyIngressRule
 ports 1 []NetworkPolicyPort ? list=atomic
 from 2 []NetworkPolicyPeer ? list=atomic
message NetworkPolicyEgressRule
 ports 1 []NetworkPolicyPort ? list=atomic
 to 2 []NetworkPolicyPeer ? list=atomic
message NetworkPolicyPort
 protocol 1 *string ? enum=core/v1.Protocol
 port 2 *intorstring ?
 endPort 3 *int32 ?
message IPBlock
 cidr 1 string r
 except 2 []string ? list=atomic
message NetworkPolicyPeer
 podSelector 1 *meta/v1.LabelSelector ?
 namespaceSelector 2 *meta/v1.LabelSelector ?
 ipBlock 3 *IPBlock ?
message NetworkPolicyList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []NetworkPolicy
message NetworkPolicyStatus until=1.27
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
message PodSecurityPolicy kind cluster until=1.26
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodSecurityPolicySpec ?
message PodSecurityPolicySpec until=1.26
 privileged 1 bool ?
 defaultAddCapabilities 2 []string ?
 requiredDropCapabilities 3 []string ?
 allowedCapabilities 4 []string ?
 volumes 5 []string ?
 hostNetwork 6 bool ?
 hostPorts 7 []HostPortRange ?
 hostPID 8 bool ?
 hostIPC 9 bool ?
 seLinux 10 SELinuxStrategyOptions
 runAsUser 11 RunAsUserStrategyOptions
 runAsGroup 22 *RunAsGroupStrategyOptions ?
 supplementalGroups 12 SupplementalGroupsStrategyOptions
 fsGroup 13 FSGroupStrategyOptions
 readOnlyRootFilesystem 14 bool ?
 defaultAllowPrivilegeEscalation 15 *bool ?
 allowPrivilegeEscalation 16 *bool ?
 allowedHostPaths 17 []AllowedHostPath ?
 allowedFlexVolumes 18 []AllowedFlexVolume ?
 allowedCSIDrivers 23 []AllowedCSIDriver ?
 allowedUnsafeSysctls 19 []string ?
 forbiddenSysctls 20 []string ?
 allowedProcMountTypes 21 []string ?
 runtimeClass 24 *RuntimeClassStrategyOptions ?
message AllowedHostPath until=1.26
 pathPrefix 1 string ?
 readOnly 2 bool ?
message AllowedFlexVolume until=1.26
 driver 1 string
message AllowedCSIDriver until=1.26
 name 1 string
message HostPortRange until=1.26
 min 1 int32
 max 2 int32
message SELinuxStrategyOptions until=1.26
 rule 1 string
 seLinuxOptions 2 *core/v1.SELinuxOptions ?
message RunAsUserStrategyOptions until=1.26
 rule 1 string
 ranges 2 []IDRange ?
message RunAsGroupStrategyOptions until=1.26
 rule 1 string
 ranges 2 []IDRange ?
message IDRange until=1.26
 min 1 int64
 max 2 int64
message FSGroupStrategyOptions until=1.26
 rule 1 string ?
 ranges 2 []IDRange ?
message SupplementalGroupsStrategyOptions until=1.26
 rule 1 string ?
 ranges 2 []IDRange ?
message RuntimeClassStrategyOptions until=1.26
 allowedRuntimeClassNames 1 []string
 defaultRuntimeClassName 2 *string ?
message PodSecurityPolicyList kind until=1.26
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodSecurityPolicy
message ReplicationControllerDummy kind until=1.17
message CustomMetricTarget until=1.12
 name 1 string
 value 2 quantity
message CustomMetricTargetList until=1.12
 items 1 []CustomMetricTarget
message CustomMetricCurrentStatus until=1.12
 name 1 string
 value 2 quantity
message CustomMetricCurrentStatusList until=1.12
 items 1 []CustomMetricCurrentStatus
`;
