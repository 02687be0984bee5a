/**
 * Facts of Kubernetes' API types (scheduling); made by `npm run kubernetes:table`, not by hand.
 */
export const scheduling: string = `
package coordination/v1 coordination.k8s.io v1
kinds Lease LeaseList
message Lease kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 LeaseSpec ?
message LeaseSpec
 holderIdentity 1 *string ?
 leaseDurationSeconds 2 *int32 ?
 acquireTime 3 *microtime ?
 renewTime 4 *microtime ?
 leaseTransitions 5 *int32 ?
 strategy 6 *string ?
 preferredHolder 7 *string ?
message LeaseList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Lease

package coordination/v1alpha1 coordination.k8s.io v1alpha1
kinds LeaseCandidate LeaseCandidateList
message LeaseCandidate kind until=1.31
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 LeaseCandidateSpec ?
message LeaseCandidateSpec until=1.31
 leaseName 1 string r
 pingTime 2 *microtime ?
 renewTime 3 *microtime ?
 binaryVersion 4 string ?
 emulationVersion 5 string ?
 preferredStrategies 6 []string ? r list=atomic
message LeaseCandidateList kind until=1.31
 metadata 1 meta/v1.ListMeta ?
 items 2 []LeaseCandidate

package coordination/v1alpha2 coordination.k8s.io v1alpha2
kinds LeaseCandidate LeaseCandidateList
message LeaseCandidate kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 LeaseCandidateSpec ? r
message LeaseCandidateSpec
 leaseName 1 string r
 pingTime 2 *microtime ?
 renewTime 3 *microtime ?
 binaryVersion 4 string r
 emulationVersion 5 string ?
 strategy 6 string ? r
message LeaseCandidateList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []LeaseCandidate

package coordination/v1beta1 coordination.k8s.io v1beta1
kinds Lease LeaseList LeaseCandidate LeaseCandidateList
message Lease kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 LeaseSpec ?
message LeaseSpec
 holderIdentity 1 *string ?
 leaseDurationSeconds 2 *int32 ?
 acquireTime 3 *microtime ?
 renewTime 4 *microtime ?
 leaseTransitions 5 *int32 ?
 strategy 6 *string ?
 preferredHolder 7 *string ?
message LeaseList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Lease
message LeaseCandidate kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 LeaseCandidateSpec ? r
message LeaseCandidateSpec
 leaseName 1 string r
 pingTime 2 *microtime ?
 renewTime 3 *microtime ?
 binaryVersion 4 string r
 emulationVersion 5 string ?
 strategy 6 string ? r
message LeaseCandidateList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []LeaseCandidate

package flowcontrol/v1 flowcontrol.apiserver.k8s.io v1
kinds FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList
message FlowSchema kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 FlowSchemaSpec ?
 status 3 FlowSchemaStatus ?
message FlowSchemaList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []FlowSchema
message FlowSchemaSpec
 priorityLevelConfiguration 1 PriorityLevelConfigurationReference
 matchingPrecedence 2 int32 o
 distinguisherMethod 3 *FlowDistinguisherMethod ?
 rules 4 []PolicyRulesWithSubjects ? list=atomic
message FlowDistinguisherMethod
 type 1 string
message PriorityLevelConfigurationReference
 name 1 string
message PolicyRulesWithSubjects
 subjects 1 []Subject list=atomic
 resourceRules 2 []ResourcePolicyRule ? list=atomic
 nonResourceRules 3 []NonResourcePolicyRule ? list=atomic
message Subject
 kind 1 string
 user 2 *UserSubject ?
 group 3 *GroupSubject ?
 serviceAccount 4 *ServiceAccountSubject ?
message UserSubject
 name 1 string
message GroupSubject
 name 1 string
message ServiceAccountSubject
 namespace 1 string
 name 2 string
message ResourcePolicyRule
 verbs 1 []string list=set
 apiGroups 2 []string list=set
 resources 3 []string list=set
 clusterScope 4 bool ?
 namespaces 5 []string o list=set
message NonResourcePolicyRule
 verbs 1 []string list=set
 nonResourceURLs 6 []string list=set
message FlowSchemaStatus
 conditions 1 []FlowSchemaCondition ? patch=merge:type list=map:type
message FlowSchemaCondition
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message PriorityLevelConfiguration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PriorityLevelConfigurationSpec ?
 status 3 PriorityLevelConfigurationStatus ?
message PriorityLevelConfigurationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PriorityLevelConfiguration
message PriorityLevelConfigurationSpec
 type 1 string
 limited 2 *LimitedPriorityLevelConfiguration ?
 exempt 3 *ExemptPriorityLevelConfiguration ?
message LimitedPriorityLevelConfiguration
 nominalConcurrencyShares 1 *int32 o
 limitResponse 2 LimitResponse ?
 lendablePercent 3 *int32 ?
 borrowingLimitPercent 4 *int32 ?
message ExemptPriorityLevelConfiguration
 nominalConcurrencyShares 1 *int32 ?
 lendablePercent 2 *int32 ?
message LimitResponse
 type 1 string
 queuing 2 *QueuingConfiguration ?
message QueuingConfiguration
 queues 1 int32 o
 handSize 2 int32 o
 queueLengthLimit 3 int32 o
message PriorityLevelConfigurationStatus
 conditions 1 []PriorityLevelConfigurationCondition ? patch=merge:type list=map:type
message PriorityLevelConfigurationCondition
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?

package flowcontrol/v1alpha1 flowcontrol.apiserver.k8s.io v1alpha1
kinds FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList
message FlowSchema kind cluster until=1.28
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 FlowSchemaSpec ?
 status 3 FlowSchemaStatus ?
message FlowSchemaList kind until=1.28
 metadata 1 meta/v1.ListMeta ?
 items 2 []FlowSchema
message FlowSchemaSpec until=1.28
 priorityLevelConfiguration 1 PriorityLevelConfigurationReference
 matchingPrecedence 2 int32 o
 distinguisherMethod 3 *FlowDistinguisherMethod ?
 rules 4 []PolicyRulesWithSubjects ? list=atomic
message FlowDistinguisherMethod until=1.28
 type 1 string
message PriorityLevelConfigurationReference until=1.28
 name 1 string
message PolicyRulesWithSubjects until=1.28
 subjects 1 []Subject list=atomic
 resourceRules 2 []ResourcePolicyRule ? list=atomic
 nonResourceRules 3 []NonResourcePolicyRule ? list=atomic
message Subject until=1.28
 kind 1 string
 user 2 *UserSubject ?
 group 3 *GroupSubject ?
 serviceAccount 4 *ServiceAccountSubject ?
message UserSubject until=1.28
 name 1 string
message GroupSubject until=1.28
 name 1 string
message ServiceAccountSubject until=1.28
 namespace 1 string
 name 2 string
message ResourcePolicyRule until=1.28
 verbs 1 []string list=set
 apiGroups 2 []string list=set
 resources 3 []string list=set
 clusterScope 4 bool ?
 namespaces 5 []string o list=set
message NonResourcePolicyRule until=1.28
 verbs 1 []string list=set
 nonResourceURLs 6 []string list=set
message FlowSchemaStatus until=1.28
 conditions 1 []FlowSchemaCondition ? list=map:type
message FlowSchemaCondition until=1.28
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message PriorityLevelConfiguration kind cluster until=1.28
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PriorityLevelConfigurationSpec ?
 status 3 PriorityLevelConfigurationStatus ?
message PriorityLevelConfigurationList kind until=1.28
 metadata 1 meta/v1.ListMeta ?
 items 2 []PriorityLevelConfiguration
message PriorityLevelConfigurationSpec until=1.28
 type 1 string
 limited 2 *LimitedPriorityLevelConfiguration ?
 exempt 3 *ExemptPriorityLevelConfiguration ?
message LimitedPriorityLevelConfiguration until=1.28
 assuredConcurrencyShares 1 int32 o
 limitResponse 2 LimitResponse ?
 lendablePercent 3 *int32 ?
 borrowingLimitPercent 4 *int32 ?
message ExemptPriorityLevelConfiguration until=1.28
 nominalConcurrencyShares 1 *int32 ?
 lendablePercent 2 *int32 ?
message LimitResponse until=1.28
 type 1 string
 queuing 2 *QueuingConfiguration ?
message QueuingConfiguration until=1.28
 queues 1 int32 o
 handSize 2 int32 o
 queueLengthLimit 3 int32 o
message PriorityLevelConfigurationStatus until=1.28
 conditions 1 []PriorityLevelConfigurationCondition ? list=map:type
message PriorityLevelConfigurationCondition until=1.28
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?

package flowcontrol/v1beta1 flowcontrol.apiserver.k8s.io v1beta1
kinds FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList
message FlowSchema kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 FlowSchemaSpec ?
 status 3 FlowSchemaStatus ?
message FlowSchemaList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []FlowSchema
message FlowSchemaSpec
 priorityLevelConfiguration 1 PriorityLevelConfigurationReference
 matchingPrecedence 2 int32 o
 distinguisherMethod 3 *FlowDistinguisherMethod ?
 rules 4 []PolicyRulesWithSubjects ? list=atomic
message FlowDistinguisherMethod
 type 1 string
message PriorityLevelConfigurationReference
 name 1 string
message PolicyRulesWithSubjects
 subjects 1 []Subject list=atomic
 resourceRules 2 []ResourcePolicyRule ? list=atomic
 nonResourceRules 3 []NonResourcePolicyRule ? list=atomic
message Subject
 kind 1 string
 user 2 *UserSubject ?
 group 3 *GroupSubject ?
 serviceAccount 4 *ServiceAccountSubject ?
message UserSubject
 name 1 string
message GroupSubject
 name 1 string
message ServiceAccountSubject
 namespace 1 string
 name 2 string
message ResourcePolicyRule
 verbs 1 []string list=set
 apiGroups 2 []string list=set
 resources 3 []string list=set
 clusterScope 4 bool ?
 namespaces 5 []string o list=set
message NonResourcePolicyRule
 verbs 1 []string list=set
 nonResourceURLs 6 []string list=set
message FlowSchemaStatus
 conditions 1 []FlowSchemaCondition ? list=map:type
message FlowSchemaCondition
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message PriorityLevelConfiguration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PriorityLevelConfigurationSpec ?
 status 3 PriorityLevelConfigurationStatus ?
message PriorityLevelConfigurationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PriorityLevelConfiguration
message PriorityLevelConfigurationSpec
 type 1 string
 limited 2 *LimitedPriorityLevelConfiguration ?
 exempt 3 *ExemptPriorityLevelConfiguration ?
message LimitedPriorityLevelConfiguration
 assuredConcurrencyShares 1 int32 o
 limitResponse 2 LimitResponse ?
 lendablePercent 3 *int32 ?
 borrowingLimitPercent 4 *int32 ?
message ExemptPriorityLevelConfiguration
 nominalConcurrencyShares 1 *int32 ?
 lendablePercent 2 *int32 ?
message LimitResponse
 type 1 string
 queuing 2 *QueuingConfiguration ?
message QueuingConfiguration
 queues 1 int32 o
 handSize 2 int32 o
 queueLengthLimit 3 int32 o
message PriorityLevelConfigurationStatus
 conditions 1 []PriorityLevelConfigurationCondition ? list=map:type
message PriorityLevelConfigurationCondition
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?

package flowcontrol/v1beta2 flowcontrol.apiserver.k8s.io v1beta2
kinds FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList
message FlowSchema kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 FlowSchemaSpec ?
 status 3 FlowSchemaStatus ?
message FlowSchemaList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []FlowSchema
message FlowSchemaSpec
 priorityLevelConfiguration 1 PriorityLevelConfigurationReference
 matchingPrecedence 2 int32 o
 distinguisherMethod 3 *FlowDistinguisherMethod ?
 rules 4 []PolicyRulesWithSubjects ? list=atomic
message FlowDistinguisherMethod
 type 1 string
message PriorityLevelConfigurationReference
 name 1 string
message PolicyRulesWithSubjects
 subjects 1 []Subject list=atomic
 resourceRules 2 []ResourcePolicyRule ? list=atomic
 nonResourceRules 3 []NonResourcePolicyRule ? list=atomic
message Subject
 kind 1 string
 user 2 *UserSubject ?
 group 3 *GroupSubject ?
 serviceAccount 4 *ServiceAccountSubject ?
message UserSubject
 name 1 string
message GroupSubject
 name 1 string
message ServiceAccountSubject
 namespace 1 string
 name 2 string
message ResourcePolicyRule
 verbs 1 []string list=set
 apiGroups 2 []string list=set
 resources 3 []string list=set
 clusterScope 4 bool ?
 namespaces 5 []string o list=set
message NonResourcePolicyRule
 verbs 1 []string list=set
 nonResourceURLs 6 []string list=set
message FlowSchemaStatus
 conditions 1 []FlowSchemaCondition ? list=map:type
message FlowSchemaCondition
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message PriorityLevelConfiguration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PriorityLevelConfigurationSpec ?
 status 3 PriorityLevelConfigurationStatus ?
message PriorityLevelConfigurationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PriorityLevelConfiguration
message PriorityLevelConfigurationSpec
 type 1 string
 limited 2 *LimitedPriorityLevelConfiguration ?
 exempt 3 *ExemptPriorityLevelConfiguration ?
message LimitedPriorityLevelConfiguration
 assuredConcurrencyShares 1 int32 o
 limitResponse 2 LimitResponse ?
 lendablePercent 3 *int32 ?
 borrowingLimitPercent 4 *int32 ?
message ExemptPriorityLevelConfiguration
 nominalConcurrencyShares 1 *int32 ?
 lendablePercent 2 *int32 ?
message LimitResponse
 type 1 string
 queuing 2 *QueuingConfiguration ?
message QueuingConfiguration
 queues 1 int32 o
 handSize 2 int32 o
 queueLengthLimit 3 int32 o
message PriorityLevelConfigurationStatus
 conditions 1 []PriorityLevelConfigurationCondition ? list=map:type
message PriorityLevelConfigurationCondition
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?

package flowcontrol/v1beta3 flowcontrol.apiserver.k8s.io v1beta3
kinds FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList
message FlowSchema kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 FlowSchemaSpec ?
 status 3 FlowSchemaStatus ?
message FlowSchemaList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []FlowSchema
message FlowSchemaSpec
 priorityLevelConfiguration 1 PriorityLevelConfigurationReference
 matchingPrecedence 2 int32 o
 distinguisherMethod 3 *FlowDistinguisherMethod ?
 rules 4 []PolicyRulesWithSubjects ? list=atomic
message FlowDistinguisherMethod
 type 1 string
message PriorityLevelConfigurationReference
 name 1 string
message PolicyRulesWithSubjects
 subjects 1 []Subject list=atomic
 resourceRules 2 []ResourcePolicyRule ? list=atomic
 nonResourceRules 3 []NonResourcePolicyRule ? list=atomic
message Subject
 kind 1 string
 user 2 *UserSubject ?
 group 3 *GroupSubject ?
 serviceAccount 4 *ServiceAccountSubject ?
message UserSubject
 name 1 string
message GroupSubject
 name 1 string
message ServiceAccountSubject
 namespace 1 string
 name 2 string
message ResourcePolicyRule
 verbs 1 []string list=set
 apiGroups 2 []string list=set
 resources 3 []string list=set
 clusterScope 4 bool ?
 namespaces 5 []string o list=set
message NonResourcePolicyRule
 verbs 1 []string list=set
 nonResourceURLs 6 []string list=set
message FlowSchemaStatus
 conditions 1 []FlowSchemaCondition ? patch=merge:type list=map:type
message FlowSchemaCondition
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message PriorityLevelConfiguration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PriorityLevelConfigurationSpec ?
 status 3 PriorityLevelConfigurationStatus ?
message PriorityLevelConfigurationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PriorityLevelConfiguration
message PriorityLevelConfigurationSpec
 type 1 string
 limited 2 *LimitedPriorityLevelConfiguration ?
 exempt 3 *ExemptPriorityLevelConfiguration ?
message LimitedPriorityLevelConfiguration
 nominalConcurrencyShares 1 int32 o
 limitResponse 2 LimitResponse ?
 lendablePercent 3 *int32 ?
 borrowingLimitPercent 4 *int32 ?
message ExemptPriorityLevelConfiguration
 nominalConcurrencyShares 1 *int32 ?
 lendablePercent 2 *int32 ?
message LimitResponse
 type 1 string
 queuing 2 *QueuingConfiguration ?
message QueuingConfiguration
 queues 1 int32 o
 handSize 2 int32 o
 queueLengthLimit 3 int32 o
message PriorityLevelConfigurationStatus
 conditions 1 []PriorityLevelConfigurationCondition ? patch=merge:type list=map:type
message PriorityLevelConfigurationCondition
 type 1 string ?
 status 2 string ?
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?

package node/v1 node.k8s.io v1
kinds RuntimeClass RuntimeClassList
message RuntimeClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 handler 2 string r
 overhead 3 *Overhead ?
 scheduling 4 *Scheduling ?
message Overhead
 podFixed 1 map:quantity ?
message Scheduling
 nodeSelector 1 map:string ? map=atomic
 tolerations 2 []core/v1.Toleration ? list=atomic
message RuntimeClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []RuntimeClass

package node/v1alpha1 node.k8s.io v1alpha1
kinds RuntimeClass RuntimeClassList
message RuntimeClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 RuntimeClassSpec r
message RuntimeClassSpec
 runtimeHandler 1 string r
 overhead 2 *Overhead ?
 scheduling 3 *Scheduling ?
message Overhead
 podFixed 1 map:quantity ?
message Scheduling
 nodeSelector 1 map:string ? map=atomic
 tolerations 2 []core/v1.Toleration ? list=atomic
message RuntimeClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []RuntimeClass

package node/v1beta1 node.k8s.io v1beta1
kinds RuntimeClass RuntimeClassList
message RuntimeClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 handler 2 string r
 overhead 3 *Overhead ?
 scheduling 4 *Scheduling ?
message Overhead
 podFixed 1 map:quantity ?
message Scheduling
 nodeSelector 1 map:string ? map=atomic
 tolerations 2 []core/v1.Toleration ? list=atomic
message RuntimeClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []RuntimeClass

package scheduling/v1 scheduling.k8s.io v1
kinds PriorityClass PriorityClassList
message PriorityClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 value 2 int32 o
 globalDefault 3 bool ?
 description 4 string ?
 preemptionPolicy 5 *string ? enum=core/v1.PreemptionPolicy
message PriorityClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PriorityClass

package scheduling/v1alpha1 scheduling.k8s.io v1alpha1
kinds PriorityClass PriorityClassList Workload WorkloadList
message PriorityClass kind cluster until=1.35
 metadata 1 meta/v1.ObjectMeta ?
 value 2 int32
 globalDefault 3 bool ?
 description 4 string ?
 preemptionPolicy 5 *string ?
message PriorityClassList kind until=1.35
 metadata 1 meta/v1.ListMeta ?
 items 2 []PriorityClass
message Workload kind until=1.35
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 WorkloadSpec r
message WorkloadList kind until=1.35
 metadata 1 meta/v1.ListMeta ?
 items 2 []Workload
message WorkloadSpec until=1.35
 controllerRef 1 *TypedLocalObjectReference ?
 podGroups 2 []PodGroup r list=map:name
message TypedLocalObjectReference until=1.35
 apiGroup 1 string ?
 kind 2 string r
 name 3 string r
message PodGroup until=1.35
 name 1 string r
 policy 3 PodGroupPolicy r
message PodGroupPolicy until=1.35
 basic 2 *BasicSchedulingPolicy ?
 gang 3 *GangSchedulingPolicy ?
message BasicSchedulingPolicy until=1.35
message GangSchedulingPolicy until=1.35
 minCount 1 int32 r

package scheduling/v1alpha2 scheduling.k8s.io v1alpha2
kinds Workload WorkloadList PodGroup PodGroupList
enum DisruptionMode Pod PodGroup
message Workload kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 WorkloadSpec r
message WorkloadList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Workload
message WorkloadSpec
 controllerRef 1 *TypedLocalObjectReference ?
 podGroupTemplates 2 []PodGroupTemplate r list=map:name
message TypedLocalObjectReference
 apiGroup 1 string ?
 kind 2 string r
 name 3 string r
message PodGroupTemplate
 name 1 string r
 schedulingPolicy 2 PodGroupSchedulingPolicy r
 schedulingConstraints 3 *PodGroupSchedulingConstraints o
 resourceClaims 4 []PodGroupResourceClaim ? patch=merge,retainKeys:name list=map:name
 disruptionMode 5 *string ? enum=DisruptionMode
 priorityClassName 6 string ?
 priority 7 *int32 ?
message PodGroupSchedulingPolicy
 basic 1 *BasicSchedulingPolicy ?
 gang 2 *GangSchedulingPolicy ?
message BasicSchedulingPolicy
message GangSchedulingPolicy
 minCount 1 int32 r
message PodGroupResourceClaim
 name 1 string r
 resourceClaimName 2 *string ?
 resourceClaimTemplateName 3 *string ?
message PodGroup kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodGroupSpec r
 status 3 PodGroupStatus ?
message PodGroupList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodGroup
message PodGroupSpec
 podGroupTemplateRef 1 *PodGroupTemplateReference o
 schedulingPolicy 2 PodGroupSchedulingPolicy r
 schedulingConstraints 3 *PodGroupSchedulingConstraints ?
 resourceClaims 4 []PodGroupResourceClaim ? patch=merge,retainKeys:name list=map:name
 disruptionMode 5 *string ? default="Pod" enum=DisruptionMode
 priorityClassName 6 string ?
 priority 7 *int32 ?
message PodGroupStatus
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
 resourceClaimStatuses 2 []PodGroupResourceClaimStatus ? patch=merge,retainKeys:name list=map:name
message PodGroupResourceClaimStatus
 name 1 string r
 resourceClaimName 2 *string ?
message PodGroupTemplateReference
 workload 1 *WorkloadPodGroupTemplateReference o
message WorkloadPodGroupTemplateReference
 workloadName 1 string r
 podGroupTemplateName 2 string r
message PodGroupSchedulingConstraints
 topology 1 []TopologyConstraint ? list=atomic
message TopologyConstraint
 key 1 string r

package scheduling/v1beta1 scheduling.k8s.io v1beta1
kinds PriorityClass PriorityClassList
message PriorityClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 value 2 int32 o
 globalDefault 3 bool ?
 description 4 string ?
 preemptionPolicy 5 *string ? enum=core/v1.PreemptionPolicy
message PriorityClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PriorityClass
`;
