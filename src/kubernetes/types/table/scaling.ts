/**
 * Facts of Kubernetes' API types (scaling); made by `npm run kubernetes:table`, not by hand.
 */
export const scaling: string = `
package autoscaling/v1 autoscaling v1
kinds HorizontalPodAutoscaler HorizontalPodAutoscalerList Scale
enum MetricSourceType ContainerResource External Object Pods Resource
message CrossVersionObjectReference atomic
 kind 1 string
 name 2 string
 apiVersion 3 string ?
message HorizontalPodAutoscalerSpec
 scaleTargetRef 1 CrossVersionObjectReference
 minReplicas 2 *int32 ?
 maxReplicas 3 int32 r
 targetCPUUtilizationPercentage 4 *int32 ?
message HorizontalPodAutoscalerStatus
 observedGeneration 1 *int64 ?
 lastScaleTime 2 *time ?
 currentReplicas 3 int32
 desiredReplicas 4 int32
 currentCPUUtilizationPercentage 5 *int32 ?
message HorizontalPodAutoscaler kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 HorizontalPodAutoscalerSpec ? r
 status 3 HorizontalPodAutoscalerStatus ?
message HorizontalPodAutoscalerList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []HorizontalPodAutoscaler
message Scale kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ScaleSpec ?
 status 3 ScaleStatus ?
message ScaleSpec
 replicas 1 int32 ? default=0
message ScaleStatus
 replicas 1 int32
 selector 2 string ?
message MetricSpec
 type 1 string enum=MetricSourceType
 object 2 *ObjectMetricSource ?
 pods 3 *PodsMetricSource ?
 resource 4 *ResourceMetricSource ?
 containerResource 7 *ContainerResourceMetricSource ?
 external 5 *ExternalMetricSource ?
message ObjectMetricSource
 target 1 CrossVersionObjectReference
 metricName 2 string
 targetValue 3 quantity
 selector 4 *meta/v1.LabelSelector ?
 averageValue 5 *quantity ?
message PodsMetricSource
 metricName 1 string
 targetAverageValue 2 quantity
 selector 3 *meta/v1.LabelSelector ?
message ResourceMetricSource
 name 1 string
 targetAverageUtilization 2 *int32 ?
 targetAverageValue 3 *quantity ?
message ContainerResourceMetricSource
 name 1 string
 targetAverageUtilization 2 *int32 ?
 targetAverageValue 3 *quantity ?
 container 5 string
message ExternalMetricSource
 metricName 1 string
 metricSelector 2 *meta/v1.LabelSelector ?
 targetValue 3 *quantity ?
 targetAverageValue 4 *quantity ?
message MetricStatus
 type 1 string enum=MetricSourceType
 object 2 *ObjectMetricStatus ?
 pods 3 *PodsMetricStatus ?
 resource 4 *ResourceMetricStatus ?
 containerResource 7 *ContainerResourceMetricStatus ?
 external 5 *ExternalMetricStatus ?
message HorizontalPodAutoscalerCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message ObjectMetricStatus
 target 1 CrossVersionObjectReference
 metricName 2 string
 currentValue 3 quantity
 selector 4 *meta/v1.LabelSelector ?
 averageValue 5 *quantity ?
message PodsMetricStatus
 metricName 1 string
 currentAverageValue 2 quantity
 selector 3 *meta/v1.LabelSelector ?
message ResourceMetricStatus
 name 1 string
 currentAverageUtilization 2 *int32 ?
 currentAverageValue 3 quantity
message ContainerResourceMetricStatus
 name 1 string
 currentAverageUtilization 2 *int32 ?
 currentAverageValue 3 quantity
 container 4 string
message ExternalMetricStatus
 metricName 1 string
 metricSelector 2 *meta/v1.LabelSelector ?
 currentValue 3 quantity
 currentAverageValue 4 *quantity ?

package autoscaling/v2 autoscaling v2
kinds HorizontalPodAutoscaler HorizontalPodAutoscalerList
message HorizontalPodAutoscaler kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 HorizontalPodAutoscalerSpec ? r
 status 3 HorizontalPodAutoscalerStatus ?
message HorizontalPodAutoscalerSpec
 scaleTargetRef 1 CrossVersionObjectReference
 minReplicas 2 *int32 ?
 maxReplicas 3 int32 r
 metrics 4 []MetricSpec ? list=atomic
 behavior 5 *HorizontalPodAutoscalerBehavior ?
message CrossVersionObjectReference
 kind 1 string
 name 2 string
 apiVersion 3 string ?
message MetricSpec
 type 1 string
 object 2 *ObjectMetricSource ?
 pods 3 *PodsMetricSource ?
 resource 4 *ResourceMetricSource ?
 containerResource 7 *ContainerResourceMetricSource ?
 external 5 *ExternalMetricSource ?
message HorizontalPodAutoscalerBehavior
 scaleUp 1 *HPAScalingRules ?
 scaleDown 2 *HPAScalingRules ?
message HPAScalingRules
 stabilizationWindowSeconds 3 *int32 ?
 selectPolicy 1 *string ?
 policies 2 []HPAScalingPolicy ? list=atomic
 tolerance 4 *quantity ?
message HPAScalingPolicy
 type 1 string
 value 2 int32
 periodSeconds 3 int32
message ObjectMetricSource
 describedObject 1 CrossVersionObjectReference
 target 2 MetricTarget
 metric 3 MetricIdentifier
message PodsMetricSource
 metric 1 MetricIdentifier
 target 2 MetricTarget
message ResourceMetricSource
 name 1 string
 target 2 MetricTarget
message ContainerResourceMetricSource
 name 1 string
 target 2 MetricTarget
 container 3 string
message ExternalMetricSource
 metric 1 MetricIdentifier
 target 2 MetricTarget
message MetricIdentifier
 name 1 string
 selector 2 *meta/v1.LabelSelector ?
message MetricTarget
 type 1 string
 value 2 *quantity ?
 averageValue 3 *quantity ?
 averageUtilization 4 *int32 ?
message HorizontalPodAutoscalerStatus
 observedGeneration 1 *int64 ?
 lastScaleTime 2 *time ?
 currentReplicas 3 int32 ?
 desiredReplicas 4 int32
 currentMetrics 5 []MetricStatus o list=atomic
 conditions 6 []HorizontalPodAutoscalerCondition ? patch=merge:type list=map:type
message HorizontalPodAutoscalerCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message MetricStatus
 type 1 string
 object 2 *ObjectMetricStatus ?
 pods 3 *PodsMetricStatus ?
 resource 4 *ResourceMetricStatus ?
 containerResource 7 *ContainerResourceMetricStatus ?
 external 5 *ExternalMetricStatus ?
message ObjectMetricStatus
 metric 1 MetricIdentifier
 current 2 MetricValueStatus
 describedObject 3 CrossVersionObjectReference
message PodsMetricStatus
 metric 1 MetricIdentifier
 current 2 MetricValueStatus
message ResourceMetricStatus
 name 1 string
 current 2 MetricValueStatus
message ContainerResourceMetricStatus
 name 1 string
 current 2 MetricValueStatus
 container 3 string
message ExternalMetricStatus
 metric 1 MetricIdentifier
 current 2 MetricValueStatus
message MetricValueStatus
 value 1 *quantity ?
 averageValue 2 *quantity ?
 averageUtilization 3 *int32 ?
message HorizontalPodAutoscalerList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []HorizontalPodAutoscaler

package autoscaling/v2beta1 autoscaling v2beta1
kinds HorizontalPodAutoscaler HorizontalPodAutoscalerList
message CrossVersionObjectReference until=1.35
 kind 1 string
 name 2 string
 apiVersion 3 string ?
message HorizontalPodAutoscalerSpec until=1.35
 scaleTargetRef 1 CrossVersionObjectReference
 minReplicas 2 *int32 ?
 maxReplicas 3 int32
 metrics 4 []MetricSpec ? list=atomic
message MetricSpec until=1.35
 type 1 string
 object 2 *ObjectMetricSource ?
 pods 3 *PodsMetricSource ?
 resource 4 *ResourceMetricSource ?
 containerResource 7 *ContainerResourceMetricSource ?
 external 5 *ExternalMetricSource ?
message ObjectMetricSource until=1.35
 target 1 CrossVersionObjectReference
 metricName 2 string
 targetValue 3 quantity
 selector 4 *meta/v1.LabelSelector ?
 averageValue 5 *quantity ?
message PodsMetricSource until=1.35
 metricName 1 string
 targetAverageValue 2 quantity
 selector 3 *meta/v1.LabelSelector ?
message ResourceMetricSource until=1.35
 name 1 string
 targetAverageUtilization 2 *int32 ?
 targetAverageValue 3 *quantity ?
message ContainerResourceMetricSource until=1.35
 name 1 string
 targetAverageUtilization 2 *int32 ?
 targetAverageValue 3 *quantity ?
 container 4 string
message ExternalMetricSource until=1.35
 metricName 1 string
 metricSelector 2 *meta/v1.LabelSelector ?
 targetValue 3 *quantity ?
 targetAverageValue 4 *quantity ?
message HorizontalPodAutoscalerStatus until=1.35
 observedGeneration 1 *int64 ?
 lastScaleTime 2 *time ?
 currentReplicas 3 int32
 desiredReplicas 4 int32
 currentMetrics 5 []MetricStatus o list=atomic
 conditions 6 []HorizontalPodAutoscalerCondition o list=atomic
message HorizontalPodAutoscalerCondition until=1.35
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message MetricStatus until=1.35
 type 1 string
 object 2 *ObjectMetricStatus ?
 pods 3 *PodsMetricStatus ?
 resource 4 *ResourceMetricStatus ?
 containerResource 7 *ContainerResourceMetricStatus ?
 external 5 *ExternalMetricStatus ?
message ObjectMetricStatus until=1.35
 target 1 CrossVersionObjectReference
 metricName 2 string
 currentValue 3 quantity
 selector 4 *meta/v1.LabelSelector ?
 averageValue 5 *quantity ?
message PodsMetricStatus until=1.35
 metricName 1 string
 currentAverageValue 2 quantity
 selector 3 *meta/v1.LabelSelector ?
message ResourceMetricStatus until=1.35
 name 1 string
 currentAverageUtilization 2 *int32 ?
 currentAverageValue 3 quantity
message ContainerResourceMetricStatus until=1.35
 name 1 string
 currentAverageUtilization 2 *int32 ?
 currentAverageValue 3 quantity
 container 4 string
message ExternalMetricStatus until=1.35
 metricName 1 string
 metricSelector 2 *meta/v1.LabelSelector ?
 currentValue 3 quantity
 currentAverageValue 4 *quantity ?
message HorizontalPodAutoscaler kind until=1.35
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 HorizontalPodAutoscalerSpec ?
 status 3 HorizontalPodAutoscalerStatus ?
message HorizontalPodAutoscalerList kind until=1.35
 metadata 1 meta/v1.ListMeta ?
 items 2 []HorizontalPodAutoscaler

package autoscaling/v2beta2 autoscaling v2beta2
kinds HorizontalPodAutoscaler HorizontalPodAutoscalerList
message HorizontalPodAutoscaler kind until=1.35
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 HorizontalPodAutoscalerSpec ?
 status 3 HorizontalPodAutoscalerStatus ?
message HorizontalPodAutoscalerSpec until=1.35
 scaleTargetRef 1 CrossVersionObjectReference
 minReplicas 2 *int32 ?
 maxReplicas 3 int32
 metrics 4 []MetricSpec ? list=atomic
 behavior 5 *HorizontalPodAutoscalerBehavior ?
message CrossVersionObjectReference until=1.35
 kind 1 string
 name 2 string
 apiVersion 3 string ?
message MetricSpec until=1.35
 type 1 string
 object 2 *ObjectMetricSource ?
 pods 3 *PodsMetricSource ?
 resource 4 *ResourceMetricSource ?
 containerResource 7 *ContainerResourceMetricSource ?
 external 5 *ExternalMetricSource ?
message HorizontalPodAutoscalerBehavior until=1.35
 scaleUp 1 *HPAScalingRules ?
 scaleDown 2 *HPAScalingRules ?
message HPAScalingRules until=1.35
 stabilizationWindowSeconds 3 *int32 ?
 selectPolicy 1 *string ?
 policies 2 []HPAScalingPolicy ? list=atomic
message HPAScalingPolicy until=1.35
 type 1 string
 value 2 int32
 periodSeconds 3 int32
message ObjectMetricSource until=1.35
 describedObject 1 CrossVersionObjectReference
 target 2 MetricTarget
 metric 3 MetricIdentifier
message PodsMetricSource until=1.35
 metric 1 MetricIdentifier
 target 2 MetricTarget
message ResourceMetricSource until=1.35
 name 1 string
 target 2 MetricTarget
message ContainerResourceMetricSource until=1.35
 name 1 string
 target 2 MetricTarget
 container 3 string
message ExternalMetricSource until=1.35
 metric 1 MetricIdentifier
 target 2 MetricTarget
message MetricIdentifier until=1.35
 name 1 string
 selector 2 *meta/v1.LabelSelector ?
message MetricTarget until=1.35
 type 1 string
 value 2 *quantity ?
 averageValue 3 *quantity ?
 averageUtilization 4 *int32 ?
message HorizontalPodAutoscalerStatus until=1.35
 observedGeneration 1 *int64 ?
 lastScaleTime 2 *time ?
 currentReplicas 3 int32
 desiredReplicas 4 int32
 currentMetrics 5 []MetricStatus o list=atomic
 conditions 6 []HorizontalPodAutoscalerCondition o list=atomic
message HorizontalPodAutoscalerCondition until=1.35
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message MetricStatus until=1.35
 type 1 string
 object 2 *ObjectMetricStatus ?
 pods 3 *PodsMetricStatus ?
 resource 4 *ResourceMetricStatus ?
 containerResource 7 *ContainerResourceMetricStatus ?
 external 5 *ExternalMetricStatus ?
message ObjectMetricStatus until=1.35
 metric 1 MetricIdentifier
 current 2 MetricValueStatus
 describedObject 3 CrossVersionObjectReference
message PodsMetricStatus until=1.35
 metric 1 MetricIdentifier
 current 2 MetricValueStatus
message ResourceMetricStatus until=1.35
 name 1 string
 current 2 MetricValueStatus
message ContainerResourceMetricStatus until=1.35
 name 1 string
 current 2 MetricValueStatus
 container 3 string
message ExternalMetricStatus until=1.35
 metric 1 MetricIdentifier
 current 2 MetricValueStatus
message MetricValueStatus until=1.35
 value 1 *quantity ?
 averageValue 2 *quantity ?
 averageUtilization 3 *int32 ?
message HorizontalPodAutoscalerList kind until=1.35
 metadata 1 meta/v1.ListMeta ?
 items 2 []HorizontalPodAutoscaler

package policy/v1 policy v1
kinds PodDisruptionBudget PodDisruptionBudgetList Eviction
enum UnhealthyPodEvictionPolicyType AlwaysAllow IfHealthyBudget
message PodDisruptionBudgetSpec
 minAvailable 1 *intorstring ?
 selector 2 *meta/v1.LabelSelector ? patch=replace
 maxUnavailable 3 *intorstring ?
 unhealthyPodEvictionPolicy 4 *string ? enum=UnhealthyPodEvictionPolicyType
message PodDisruptionBudgetStatus
 observedGeneration 1 int64 ?
 disruptedPods 2 map:time ?
 disruptionsAllowed 3 int32 o
 currentHealthy 4 int32 o
 desiredHealthy 5 int32 o
 expectedPods 6 int32 o
 conditions 7 []meta/v1.Condition ? patch=merge:type list=map:type
message PodDisruptionBudget kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodDisruptionBudgetSpec ?
 status 3 PodDisruptionBudgetStatus ?
message PodDisruptionBudgetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodDisruptionBudget
message Eviction kind
 metadata 1 meta/v1.ObjectMeta ?
 deleteOptions 2 *meta/v1.DeleteOptions ?

package policy/v1beta1 policy v1beta1
kinds PodDisruptionBudget PodDisruptionBudgetList Eviction PodSecurityPolicy PodSecurityPolicyList
enum UnhealthyPodEvictionPolicyType AlwaysAllow IfHealthyBudget
message PodDisruptionBudgetSpec
 minAvailable 1 *intorstring ?
 selector 2 *meta/v1.LabelSelector ?
 maxUnavailable 3 *intorstring ?
 unhealthyPodEvictionPolicy 4 *string ? enum=UnhealthyPodEvictionPolicyType
message PodDisruptionBudgetStatus
 observedGeneration 1 int64 ?
 disruptedPods 2 map:time ?
 disruptionsAllowed 3 int32 o
 currentHealthy 4 int32 o
 desiredHealthy 5 int32 o
 expectedPods 6 int32 o
 conditions 7 []meta/v1.Condition ? patch=merge:type list=map:type
message PodDisruptionBudget kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodDisruptionBudgetSpec ?
 status 3 PodDisruptionBudgetStatus ?
message PodDisruptionBudgetList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodDisruptionBudget
message Eviction kind
 metadata 1 meta/v1.ObjectMeta ?
 deleteOptions 2 *meta/v1.DeleteOptions ?
message PodSecurityPolicy kind cluster until=1.28
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodSecurityPolicySpec ?
message PodSecurityPolicySpec until=1.28
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
message AllowedHostPath until=1.28
 pathPrefix 1 string ?
 readOnly 2 bool ?
message AllowedFlexVolume until=1.28
 driver 1 string
message AllowedCSIDriver until=1.28
 name 1 string
message HostPortRange until=1.28
 min 1 int32
 max 2 int32
message SELinuxStrategyOptions until=1.28
 rule 1 string
 seLinuxOptions 2 *core/v1.SELinuxOptions ?
message RunAsUserStrategyOptions until=1.28
 rule 1 string
 ranges 2 []IDRange ?
message RunAsGroupStrategyOptions until=1.28
 rule 1 string
 ranges 2 []IDRange ?
message IDRange until=1.28
 min 1 int64
 max 2 int64
message FSGroupStrategyOptions until=1.28
 rule 1 string ?
 ranges 2 []IDRange ?
message SupplementalGroupsStrategyOptions until=1.28
 rule 1 string ?
 ranges 2 []IDRange ?
message RuntimeClassStrategyOptions until=1.28
 allowedRuntimeClassNames 1 []string
 defaultRuntimeClassName 2 *string ?
message PodSecurityPolicyList kind until=1.28
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodSecurityPolicy
`;
