/**
 * Facts of Kubernetes' API types (devices); made by `npm run kubernetes:table`, not by hand.
 */
export const devices: string = `
package resource/v1 resource.k8s.io v1
kinds DeviceClass DeviceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate ResourceClaimTemplateList ResourceSlice ResourceSliceList
enum DeviceTaintEffect NoExecute NoSchedule None
enum DeviceTolerationOperator Equal Exists
enum AllocationConfigSource FromClaim FromClass
message ResourceSlice kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceSliceSpec r
message ResourceSliceSpec
 driver 1 string r
 pool 2 ResourcePool r
 nodeName 3 *string ?
 nodeSelector 4 *core/v1.NodeSelector ?
 allNodes 5 *bool ?
 devices 6 []Device ? list=atomic
 perDeviceNodeSelection 7 *bool ?
 sharedCounters 8 []CounterSet ? list=atomic
message CounterSet
 name 1 string r
 counters 2 map:Counter ? r
message ResourcePool
 name 1 string r
 generation 2 int64 r
 resourceSliceCount 3 int64 r
message Device
 name 1 string r
 attributes 2 map:DeviceAttribute ?
 capacity 3 map:DeviceCapacity ?
 consumesCounters 4 []DeviceCounterConsumption ? list=atomic
 nodeName 5 *string ?
 nodeSelector 6 *core/v1.NodeSelector ?
 allNodes 7 *bool ?
 taints 8 []DeviceTaint ? list=atomic
 bindsToNode 9 *bool ?
 bindingConditions 10 []string ? list=atomic
 bindingFailureConditions 11 []string ? list=atomic
 allowMultipleAllocations 12 *bool ?
 nodeAllocatableResourceMappings 13 map:NodeAllocatableResourceMapping ?
message NodeAllocatableResourceMapping
 capacityKey 1 *string ?
 allocationMultiplier 2 *quantity ?
message DeviceCounterConsumption
 counterSet 1 string r
 counters 2 map:Counter ? r
message DeviceCapacity
 value 1 quantity r
 requestPolicy 2 *CapacityRequestPolicy ?
message Counter
 value 1 quantity r
message CapacityRequestPolicy
 default 1 *quantity o
 validValues 3 []quantity ? list=atomic
 validRange 4 *CapacityRequestPolicyRange ?
message CapacityRequestPolicyRange
 min 1 *quantity ? r
 max 2 *quantity ?
 step 3 *quantity ?
message DeviceAttribute
 int 2 *int64 ?
 bool 3 *bool ?
 string 4 *string ?
 version 5 *string ?
 ints 6 []int64 ? list=atomic
 bools 7 []bool ? list=atomic
 strings 8 []string ? list=atomic
 versions 9 []string ? list=atomic
message DeviceTaint
 key 1 string r
 value 2 string ?
 effect 3 string r enum=DeviceTaintEffect
 timeAdded 4 *time ?
message ResourceSliceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceSlice
message ResourceClaim kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
 status 3 ResourceClaimStatus ?
message ResourceClaimSpec
 devices 1 DeviceClaim o
message DeviceClaim
 requests 1 []DeviceRequest o list=atomic
 constraints 2 []DeviceConstraint ? list=atomic
 config 3 []DeviceClaimConfiguration ? list=atomic
message DeviceRequest
 name 1 string r
 exactly 2 *ExactDeviceRequest ?
 firstAvailable 3 []DeviceSubRequest ? list=atomic
message ExactDeviceRequest
 deviceClassName 1 string r
 selectors 2 []DeviceSelector ? list=atomic
 allocationMode 3 string ?
 count 4 int64 ?
 adminAccess 5 *bool ?
 tolerations 6 []DeviceToleration ? list=atomic
 capacity 7 *CapacityRequirements ?
message DeviceSubRequest
 name 1 string r
 deviceClassName 2 string r
 selectors 3 []DeviceSelector ? list=atomic
 allocationMode 4 string ?
 count 5 int64 ?
 tolerations 6 []DeviceToleration ? list=atomic
 capacity 7 *CapacityRequirements ?
message CapacityRequirements
 requests 1 map:quantity ?
message DeviceSelector
 cel 1 *CELDeviceSelector ?
message CELDeviceSelector
 expression 1 string r
message DeviceConstraint
 requests 1 []string ? list=atomic
 matchAttribute 2 *string ?
 distinctAttribute 3 *string ?
message DeviceClaimConfiguration
 requests 1 []string ? list=atomic
 & 2 DeviceConfiguration
message DeviceConfiguration
 opaque 1 *OpaqueDeviceConfiguration ?
message OpaqueDeviceConfiguration
 driver 1 string r
 parameters 2 raw r
message DeviceToleration
 key 1 string ?
 operator 2 string ? default="Equal" enum=DeviceTolerationOperator
 value 3 string ?
 effect 4 string ? enum=DeviceTaintEffect
 tolerationSeconds 5 *int64 ?
message ResourceClaimStatus
 allocation 1 *AllocationResult ?
 reservedFor 2 []ResourceClaimConsumerReference ? patch=merge:uid list=map:uid
 devices 4 []AllocatedDeviceStatus ? list=map:driver,device,pool,shareID
message ResourceClaimConsumerReference
 apiGroup 1 string ?
 resource 3 string r
 name 4 string r
 uid 5 string r
message AllocationResult
 devices 1 DeviceAllocationResult ?
 nodeSelector 3 *core/v1.NodeSelector ?
 allocationTimestamp 5 *time ?
message DeviceAllocationResult
 results 1 []DeviceRequestAllocationResult ? list=atomic
 config 2 []DeviceAllocationConfiguration ? list=atomic
message DeviceRequestAllocationResult
 request 1 string r
 driver 2 string r
 pool 3 string r
 device 4 string r
 adminAccess 5 *bool ?
 tolerations 6 []DeviceToleration ? list=atomic
 bindingConditions 7 []string ? list=atomic
 bindingFailureConditions 8 []string ? list=atomic
 shareID 9 *string ?
 consumedCapacity 10 map:quantity ?
message DeviceAllocationConfiguration
 source 1 string r enum=AllocationConfigSource
 requests 2 []string ? list=atomic
 & 3 DeviceConfiguration
message ResourceClaimList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaim
message DeviceClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeviceClassSpec
message DeviceClassSpec
 selectors 1 []DeviceSelector ? list=atomic
 config 2 []DeviceClassConfiguration ? list=atomic
 extendedResourceName 4 *string ?
message DeviceClassConfiguration
 & 1 DeviceConfiguration
message DeviceClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []DeviceClass
message ResourceClaimTemplate kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimTemplateSpec
message ResourceClaimTemplateSpec
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
message ResourceClaimTemplateList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaimTemplate
message AllocatedDeviceStatus
 driver 1 string r
 pool 2 string r
 device 3 string r
 shareID 7 *string ?
 conditions 4 []meta/v1.Condition o list=map:type
 data 5 *raw ?
 networkData 6 *NetworkDeviceData ?
message NetworkDeviceData
 interfaceName 1 string ?
 ips 2 []string ? list=atomic
 hardwareAddress 3 string ?

package resource/v1alpha1 resource.k8s.io v1alpha1
kinds ResourceClass ResourceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate ResourceClaimTemplateList PodScheduling PodSchedulingList
message ResourceClaim kind until=1.26
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
 status 3 ResourceClaimStatus ?
message ResourceClaimSpec until=1.26
 resourceClassName 1 string
 parametersRef 2 *ResourceClaimParametersReference ?
 allocationMode 3 string ?
message ResourceClaimStatus until=1.26
 driverName 1 string ?
 allocation 2 *AllocationResult ?
 reservedFor 3 []ResourceClaimConsumerReference ? list=map:uid
 deallocationRequested 4 bool ?
message AllocationResult until=1.26
 resourceHandle 1 string ?
 availableOnNodes 2 *core/v1.NodeSelector ?
 shareable 3 bool ?
message ResourceClaimList kind until=1.26
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaim
message PodScheduling kind until=1.26
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodSchedulingSpec
 status 3 PodSchedulingStatus ?
message PodSchedulingSpec until=1.26
 selectedNode 1 string ?
 potentialNodes 2 []string ? list=set
message PodSchedulingStatus until=1.26
 resourceClaims 1 []ResourceClaimSchedulingStatus ? list=map:name
message ResourceClaimSchedulingStatus until=1.26
 name 1 string ?
 unsuitableNodes 2 []string ? list=set
message PodSchedulingList kind until=1.26
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodScheduling
message ResourceClass kind cluster until=1.26
 metadata 1 meta/v1.ObjectMeta ?
 driverName 2 string
 parametersRef 3 *ResourceClassParametersReference ?
 suitableNodes 4 *core/v1.NodeSelector ?
message ResourceClassList kind until=1.26
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClass
message ResourceClassParametersReference until=1.26
 apiGroup 1 string ?
 kind 2 string
 name 3 string
 namespace 4 string ?
message ResourceClaimParametersReference until=1.26
 apiGroup 1 string ?
 kind 2 string
 name 3 string
message ResourceClaimConsumerReference until=1.26
 apiGroup 1 string ?
 resource 3 string
 name 4 string
 uid 5 string
message ResourceClaimTemplate kind until=1.26
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimTemplateSpec
message ResourceClaimTemplateSpec until=1.26
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
message ResourceClaimTemplateList kind until=1.26
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaimTemplate

package resource/v1alpha2 resource.k8s.io v1alpha2
kinds ResourceClass ResourceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate ResourceClaimTemplateList PodSchedulingContext PodSchedulingContextList ResourceSlice ResourceSliceList ResourceClaimParameters ResourceClaimParametersList ResourceClassParameters ResourceClassParametersList
message NamedResourcesResources until=1.30
 instances 1 []NamedResourcesInstance list=atomic
message NamedResourcesInstance until=1.30
 name 1 string
 attributes 2 []NamedResourcesAttribute ? list=atomic
message NamedResourcesAttribute until=1.30
 name 1 string
 & 2 NamedResourcesAttributeValue
message NamedResourcesAttributeValue until=1.30
 quantity 6 *quantity ?
 bool 2 *bool ?
 int 7 *int64 ?
 intSlice 8 *NamedResourcesIntSlice ?
 string 5 *string ?
 stringSlice 9 *NamedResourcesStringSlice ?
 version 10 *string ?
message NamedResourcesIntSlice until=1.30
 ints 1 []int64 list=atomic
message NamedResourcesStringSlice until=1.30
 strings 1 []string list=atomic
message NamedResourcesRequest until=1.30
 selector 1 string
message NamedResourcesFilter until=1.30
 selector 1 string
message NamedResourcesAllocationResult until=1.30
 name 1 string
message ResourceClaim kind until=1.30
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
 status 3 ResourceClaimStatus ?
message ResourceClaimSpec until=1.30
 resourceClassName 1 string
 parametersRef 2 *ResourceClaimParametersReference ?
 allocationMode 3 string ?
message ResourceClaimStatus until=1.30
 driverName 1 string ?
 allocation 2 *AllocationResult ?
 reservedFor 3 []ResourceClaimConsumerReference ? patch=merge:uid list=map:uid
 deallocationRequested 4 bool ?
message AllocationResult until=1.30
 resourceHandles 1 []ResourceHandle ? list=atomic
 availableOnNodes 2 *core/v1.NodeSelector ?
 shareable 3 bool ?
message ResourceHandle until=1.30
 driverName 1 string ?
 data 2 string ?
 structuredData 5 *StructuredResourceHandle ?
message StructuredResourceHandle until=1.30
 vendorClassParameters 1 raw ?
 vendorClaimParameters 2 raw ?
 nodeName 4 string ?
 results 5 []DriverAllocationResult list=atomic
message DriverAllocationResult until=1.30
 vendorRequestParameters 1 raw ?
 & 2 AllocationResultModel
message AllocationResultModel until=1.30
 namedResources 1 *NamedResourcesAllocationResult ?
message ResourceClaimList kind until=1.30
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaim
message PodSchedulingContext kind until=1.30
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodSchedulingContextSpec
 status 3 PodSchedulingContextStatus ?
message PodSchedulingContextSpec until=1.30
 selectedNode 1 string ?
 potentialNodes 2 []string ? list=atomic
message PodSchedulingContextStatus until=1.30
 resourceClaims 1 []ResourceClaimSchedulingStatus ? list=map:name
message ResourceClaimSchedulingStatus until=1.30
 name 1 string ?
 unsuitableNodes 2 []string ? list=atomic
message PodSchedulingContextList kind until=1.30
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodSchedulingContext
message ResourceClass kind cluster until=1.30
 metadata 1 meta/v1.ObjectMeta ?
 driverName 2 string
 parametersRef 3 *ResourceClassParametersReference ?
 suitableNodes 4 *core/v1.NodeSelector ?
 structuredParameters 5 *bool ?
message ResourceClassList kind until=1.30
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClass
message ResourceClassParametersReference until=1.30
 apiGroup 1 string ?
 kind 2 string
 name 3 string
 namespace 4 string ?
message ResourceClaimParametersReference until=1.30
 apiGroup 1 string ?
 kind 2 string
 name 3 string
message ResourceClaimConsumerReference until=1.30
 apiGroup 1 string ?
 resource 3 string
 name 4 string
 uid 5 string
message ResourceClaimTemplate kind until=1.30
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimTemplateSpec
message ResourceClaimTemplateSpec until=1.30
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
message ResourceClaimTemplateList kind until=1.30
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaimTemplate
message ResourceSlice kind cluster until=1.30
 metadata 1 meta/v1.ObjectMeta ?
 nodeName 2 string ?
 driverName 3 string
 & 4 ResourceModel
message ResourceModel until=1.30
 namedResources 1 *NamedResourcesResources ?
message ResourceSliceList kind until=1.30
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceSlice
message ResourceClaimParameters kind until=1.30
 metadata 1 meta/v1.ObjectMeta ?
 generatedFrom 2 *ResourceClaimParametersReference ?
 shareable 3 bool ?
 driverRequests 4 []DriverRequests ? list=atomic
message DriverRequests until=1.30
 driverName 1 string ?
 vendorParameters 2 raw ?
 requests 3 []ResourceRequest ? list=atomic
message ResourceRequest until=1.30
 vendorParameters 1 raw ?
 & 2 ResourceRequestModel
message ResourceRequestModel until=1.30
 namedResources 1 *NamedResourcesRequest ?
message ResourceClaimParametersList kind until=1.30
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaimParameters
message ResourceClassParameters kind until=1.30
 metadata 1 meta/v1.ObjectMeta ?
 generatedFrom 2 *ResourceClassParametersReference ?
 vendorParameters 3 []VendorParameters ? list=atomic
 filters 4 []ResourceFilter ? list=atomic
message ResourceFilter until=1.30
 driverName 1 string ?
 & 2 ResourceFilterModel
message ResourceFilterModel until=1.30
 namedResources 1 *NamedResourcesFilter ?
message ResourceClassParametersList kind until=1.30
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClassParameters
message VendorParameters until=1.30
 driverName 1 string ?
 parameters 2 raw ?

package resource/v1alpha3 resource.k8s.io v1alpha3
kinds DeviceTaintRule DeviceTaintRuleList ResourcePoolStatusRequest ResourcePoolStatusRequestList DeviceClass DeviceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate ResourceClaimTemplateList ResourceSlice ResourceSliceList PodSchedulingContext PodSchedulingContextList
enum DeviceTaintEffect NoExecute NoSchedule None
message DeviceSelector
 cel 1 *CELDeviceSelector ?
message CELDeviceSelector
 expression 1 string r
message DeviceTaint
 key 1 string r
 value 2 string ?
 effect 3 string r enum=DeviceTaintEffect
 timeAdded 4 *time ?
message DeviceTaintRule kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeviceTaintRuleSpec r
 status 3 DeviceTaintRuleStatus ?
message DeviceTaintRuleSpec
 deviceSelector 1 *DeviceTaintSelector ?
 taint 2 DeviceTaint ? r
message DeviceTaintSelector
 driver 2 *string ?
 pool 3 *string ?
 device 4 *string ?
 deviceClassName 1 *string ? until=1.34
 selectors 5 []DeviceSelector ? list=atomic until=1.34
message DeviceTaintRuleStatus
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
message DeviceTaintRuleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []DeviceTaintRule
message ResourcePoolStatusRequest kind cluster
 metadata 1 meta/v1.ObjectMeta ? r
 spec 2 ResourcePoolStatusRequestSpec r
 status 3 *ResourcePoolStatusRequestStatus ?
message ResourcePoolStatusRequestSpec
 driver 1 string r
 poolName 2 *string ?
 limit 3 *int32 ? default=100
message ResourcePoolStatusRequestStatus
 poolCount 6 *int32 ? r
 pools 2 []PoolStatus ? list=atomic
 conditions 3 []meta/v1.Condition ? patch=merge:type list=map:type
message PoolStatus
 driver 1 string ? r
 poolName 2 string ? r
 generation 9 int64 r
 resourceSliceCount 8 *int32 ?
 totalDevices 4 *int32 ?
 allocatedDevices 5 *int32 ?
 availableDevices 6 *int32 ?
 unavailableDevices 7 *int32 ?
 nodeName 3 *string ?
 validationError 10 *string ?
message ResourcePoolStatusRequestList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourcePoolStatusRequest
message ResourceSlice kind cluster until=1.33
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceSliceSpec
message ResourceSliceSpec until=1.33
 driver 1 string r
 pool 2 ResourcePool r
 nodeName 3 string ?
 nodeSelector 4 *core/v1.NodeSelector ?
 allNodes 5 bool ?
 devices 6 []Device o list=atomic
 perDeviceNodeSelection 7 *bool ?
 sharedCounters 8 []CounterSet ? list=atomic
message CounterSet until=1.33
 name 1 string r
 counters 2 map:Counter ? r
message Counter until=1.33
 value 1 quantity r
message ResourcePool until=1.33
 name 1 string r
 generation 2 int64 r
 resourceSliceCount 3 int64 r
message Device until=1.33
 name 1 string r
 basic 2 *BasicDevice ?
message BasicDevice until=1.33
 attributes 1 map:DeviceAttribute ?
 capacity 2 map:quantity ?
 consumesCounters 3 []DeviceCounterConsumption ? list=atomic
 nodeName 4 *string ?
 nodeSelector 5 *core/v1.NodeSelector ?
 allNodes 6 *bool ?
 taints 7 []DeviceTaint ? list=atomic
message DeviceCounterConsumption until=1.33
 counterSet 1 string r
 counters 2 map:Counter ? r
message DeviceAttribute until=1.33
 int 2 *int64 ?
 bool 3 *bool ?
 string 4 *string ?
 version 5 *string ?
message ResourceSliceList kind until=1.33
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceSlice
message ResourceClaim kind until=1.33
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
 status 3 ResourceClaimStatus ?
message ResourceClaimSpec until=1.33
 devices 1 DeviceClaim o
 controller 2 string ? until=1.31
message DeviceClaim until=1.33
 requests 1 []DeviceRequest o list=atomic
 constraints 2 []DeviceConstraint ? list=atomic
 config 3 []DeviceClaimConfiguration ? list=atomic
message DeviceRequest until=1.33
 name 1 string r
 deviceClassName 2 string o
 selectors 3 []DeviceSelector ? list=atomic
 allocationMode 4 string ?
 count 5 int64 ?
 adminAccess 6 *bool ?
 firstAvailable 7 []DeviceSubRequest ? list=atomic
 tolerations 8 []DeviceToleration ? list=atomic
message DeviceSubRequest until=1.33
 name 1 string r
 deviceClassName 2 string r
 selectors 3 []DeviceSelector ? list=atomic
 allocationMode 4 string ?
 count 5 int64 ?
 tolerations 7 []DeviceToleration ? list=atomic
message DeviceConstraint until=1.33
 requests 1 []string ? list=atomic
 matchAttribute 2 *string ?
message DeviceClaimConfiguration until=1.33
 requests 1 []string ? list=atomic
 & 2 DeviceConfiguration
message DeviceConfiguration until=1.33
 opaque 1 *OpaqueDeviceConfiguration ?
message OpaqueDeviceConfiguration until=1.33
 driver 1 string r
 parameters 2 raw r
message DeviceToleration until=1.33
 key 1 string ?
 operator 2 string ? default="Equal"
 value 3 string ?
 effect 4 string ?
 tolerationSeconds 5 *int64 ?
message ResourceClaimStatus until=1.33
 allocation 1 *AllocationResult ?
 reservedFor 2 []ResourceClaimConsumerReference ? patch=merge:uid list=map:uid
 devices 4 []AllocatedDeviceStatus ? list=map:driver,device,pool
 deallocationRequested 3 bool ? until=1.31
message ResourceClaimConsumerReference until=1.33
 apiGroup 1 string ?
 resource 3 string r
 name 4 string r
 uid 5 string r
message AllocationResult until=1.33
 devices 1 DeviceAllocationResult ?
 nodeSelector 3 *core/v1.NodeSelector ?
 controller 4 string ? until=1.31
message DeviceAllocationResult until=1.33
 results 1 []DeviceRequestAllocationResult ? list=atomic
 config 2 []DeviceAllocationConfiguration ? list=atomic
message DeviceRequestAllocationResult until=1.33
 request 1 string r
 driver 2 string r
 pool 3 string r
 device 4 string r
 adminAccess 5 *bool o
 tolerations 6 []DeviceToleration ? list=atomic
message DeviceAllocationConfiguration until=1.33
 source 1 string r
 requests 2 []string ? list=atomic
 & 3 DeviceConfiguration
message ResourceClaimList kind until=1.33
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaim
message DeviceClass kind cluster until=1.33
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeviceClassSpec
message DeviceClassSpec until=1.33
 selectors 1 []DeviceSelector ? list=atomic
 config 2 []DeviceClassConfiguration ? list=atomic
 suitableNodes 3 *core/v1.NodeSelector ? until=1.31
message DeviceClassConfiguration until=1.33
 & 1 DeviceConfiguration
message DeviceClassList kind until=1.33
 metadata 1 meta/v1.ListMeta ?
 items 2 []DeviceClass
message ResourceClaimTemplate kind until=1.33
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimTemplateSpec
message ResourceClaimTemplateSpec until=1.33
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
message ResourceClaimTemplateList kind until=1.33
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaimTemplate
message AllocatedDeviceStatus until=1.33
 driver 1 string r
 pool 2 string r
 device 3 string r
 conditions 4 []meta/v1.Condition o list=map:type
 data 5 *raw ?
 networkData 6 *NetworkDeviceData ?
message NetworkDeviceData until=1.33
 interfaceName 1 string ?
 ips 2 []string ? list=atomic
 hardwareAddress 3 string ?
message PodSchedulingContext kind until=1.31
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodSchedulingContextSpec
 status 3 PodSchedulingContextStatus ?
message PodSchedulingContextSpec until=1.31
 selectedNode 1 string ?
 potentialNodes 2 []string ? list=atomic
message PodSchedulingContextStatus until=1.31
 resourceClaims 1 []ResourceClaimSchedulingStatus ? list=map:name
message ResourceClaimSchedulingStatus until=1.31
 name 1 string r
 unsuitableNodes 2 []string ? list=atomic
message PodSchedulingContextList kind until=1.31
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodSchedulingContext

package resource/v1beta1 resource.k8s.io v1beta1
kinds DeviceClass DeviceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate ResourceClaimTemplateList ResourceSlice ResourceSliceList
enum DeviceTaintEffect NoExecute NoSchedule None
enum DeviceTolerationOperator Equal Exists
enum AllocationConfigSource FromClaim FromClass
message ResourceSlice kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceSliceSpec r
message ResourceSliceSpec
 driver 1 string r
 pool 2 ResourcePool r
 nodeName 3 string ?
 nodeSelector 4 *core/v1.NodeSelector ?
 allNodes 5 bool ?
 devices 6 []Device ? list=atomic
 perDeviceNodeSelection 7 *bool ?
 sharedCounters 8 []CounterSet ? list=atomic
message CounterSet
 name 1 string r
 counters 2 map:Counter ? r
message Counter
 value 1 quantity r
message ResourcePool
 name 1 string r
 generation 2 int64 r
 resourceSliceCount 3 int64 r
message Device
 name 1 string r
 basic 2 *BasicDevice ?
message BasicDevice
 attributes 1 map:DeviceAttribute ?
 capacity 2 map:DeviceCapacity ?
 consumesCounters 3 []DeviceCounterConsumption ? list=atomic
 nodeName 4 *string ?
 nodeSelector 5 *core/v1.NodeSelector ?
 allNodes 6 *bool ?
 taints 7 []DeviceTaint ? list=atomic
 bindsToNode 8 *bool ?
 bindingConditions 9 []string ? list=atomic
 bindingFailureConditions 10 []string ? list=atomic
 allowMultipleAllocations 11 *bool ?
 nodeAllocatableResourceMappings 12 map:NodeAllocatableResourceMapping ?
message NodeAllocatableResourceMapping
 capacityKey 1 *string ?
 allocationMultiplier 2 *quantity ?
message DeviceCounterConsumption
 counterSet 1 string r
 counters 2 map:Counter ? r
message DeviceCapacity
 value 1 quantity r
 requestPolicy 2 *CapacityRequestPolicy ?
message CapacityRequestPolicy
 default 1 *quantity o
 validValues 3 []quantity ? list=atomic
 validRange 4 *CapacityRequestPolicyRange ?
message CapacityRequestPolicyRange
 min 1 *quantity ? r
 max 2 *quantity ?
 step 3 *quantity ?
message DeviceAttribute
 int 2 *int64 ?
 bool 3 *bool ?
 string 4 *string ?
 version 5 *string ?
 ints 6 []int64 ? list=atomic
 bools 7 []bool ? list=atomic
 strings 8 []string ? list=atomic
 versions 9 []string ? list=atomic
message DeviceTaint
 key 1 string r
 value 2 string ?
 effect 3 string r enum=DeviceTaintEffect
 timeAdded 4 *time ?
message ResourceSliceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceSlice
message ResourceClaim kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
 status 3 ResourceClaimStatus ?
message ResourceClaimSpec
 devices 1 DeviceClaim o
message DeviceClaim
 requests 1 []DeviceRequest o list=atomic
 constraints 2 []DeviceConstraint ? list=atomic
 config 3 []DeviceClaimConfiguration ? list=atomic
message DeviceRequest
 name 1 string r
 deviceClassName 2 string o
 selectors 3 []DeviceSelector ? list=atomic
 allocationMode 4 string ?
 count 5 int64 ?
 adminAccess 6 *bool ?
 firstAvailable 7 []DeviceSubRequest ? list=atomic
 tolerations 8 []DeviceToleration ? list=atomic
 capacity 9 *CapacityRequirements ?
message DeviceSubRequest
 name 1 string r
 deviceClassName 2 string r
 selectors 3 []DeviceSelector ? list=atomic
 allocationMode 4 string ?
 count 5 int64 ?
 tolerations 7 []DeviceToleration ? list=atomic
 capacity 8 *CapacityRequirements ?
message CapacityRequirements
 requests 1 map:quantity ?
message DeviceSelector
 cel 1 *CELDeviceSelector ?
message CELDeviceSelector
 expression 1 string r
message DeviceConstraint
 requests 1 []string ? list=atomic
 matchAttribute 2 *string ?
 distinctAttribute 3 *string ?
message DeviceClaimConfiguration
 requests 1 []string ? list=atomic
 & 2 DeviceConfiguration
message DeviceConfiguration
 opaque 1 *OpaqueDeviceConfiguration ?
message OpaqueDeviceConfiguration
 driver 1 string r
 parameters 2 raw r
message DeviceToleration
 key 1 string ?
 operator 2 string ? default="Equal" enum=DeviceTolerationOperator
 value 3 string ?
 effect 4 string ? enum=DeviceTaintEffect
 tolerationSeconds 5 *int64 ?
message ResourceClaimStatus
 allocation 1 *AllocationResult ?
 reservedFor 2 []ResourceClaimConsumerReference ? patch=merge:uid list=map:uid
 devices 4 []AllocatedDeviceStatus ? list=map:driver,device,pool,shareID
message ResourceClaimConsumerReference
 apiGroup 1 string ?
 resource 3 string r
 name 4 string r
 uid 5 string r
message AllocationResult
 devices 1 DeviceAllocationResult ?
 nodeSelector 3 *core/v1.NodeSelector ?
 allocationTimestamp 5 *time ?
message DeviceAllocationResult
 results 1 []DeviceRequestAllocationResult ? list=atomic
 config 2 []DeviceAllocationConfiguration ? list=atomic
message DeviceRequestAllocationResult
 request 1 string r
 driver 2 string r
 pool 3 string r
 device 4 string r
 adminAccess 5 *bool ?
 tolerations 6 []DeviceToleration ? list=atomic
 bindingConditions 7 []string ? list=atomic
 bindingFailureConditions 8 []string ? list=atomic
 shareID 9 *string ?
 consumedCapacity 10 map:quantity ?
message DeviceAllocationConfiguration
 source 1 string r enum=AllocationConfigSource
 requests 2 []string ? list=atomic
 & 3 DeviceConfiguration
message ResourceClaimList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaim
message DeviceClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeviceClassSpec
message DeviceClassSpec
 selectors 1 []DeviceSelector ? list=atomic
 config 2 []DeviceClassConfiguration ? list=atomic
 extendedResourceName 4 *string ?
message DeviceClassConfiguration
 & 1 DeviceConfiguration
message DeviceClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []DeviceClass
message ResourceClaimTemplate kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimTemplateSpec
message ResourceClaimTemplateSpec
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
message ResourceClaimTemplateList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaimTemplate
message AllocatedDeviceStatus
 driver 1 string r
 pool 2 string r
 device 3 string r
 shareID 7 *string ?
 conditions 4 []meta/v1.Condition o list=map:type
 data 5 *raw ?
 networkData 6 *NetworkDeviceData ?
message NetworkDeviceData
 interfaceName 1 string ?
 ips 2 []string ? list=atomic
 hardwareAddress 3 string ?

package resource/v1beta2 resource.k8s.io v1beta2
kinds DeviceClass DeviceClassList DeviceTaintRule DeviceTaintRuleList ResourceClaim ResourceClaimList ResourceClaimTemplate ResourceClaimTemplateList ResourceSlice ResourceSliceList
enum DeviceTaintEffect NoExecute NoSchedule None
enum DeviceTolerationOperator Equal Exists
enum AllocationConfigSource FromClaim FromClass
message ResourceSlice kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceSliceSpec r
message ResourceSliceSpec
 driver 1 string r
 pool 2 ResourcePool r
 nodeName 3 *string ?
 nodeSelector 4 *core/v1.NodeSelector ?
 allNodes 5 *bool ?
 devices 6 []Device ? list=atomic
 perDeviceNodeSelection 7 *bool ?
 sharedCounters 8 []CounterSet ? list=atomic
message CounterSet
 name 1 string r
 counters 2 map:Counter ? r
message ResourcePool
 name 1 string r
 generation 2 int64 r
 resourceSliceCount 3 int64 r
message Device
 name 1 string r
 attributes 2 map:DeviceAttribute ?
 capacity 3 map:DeviceCapacity ?
 consumesCounters 4 []DeviceCounterConsumption ? list=atomic
 nodeName 5 *string ?
 nodeSelector 6 *core/v1.NodeSelector ?
 allNodes 7 *bool ?
 taints 8 []DeviceTaint ? list=atomic
 bindsToNode 9 *bool ?
 bindingConditions 10 []string ? list=atomic
 bindingFailureConditions 11 []string ? list=atomic
 allowMultipleAllocations 12 *bool ?
 nodeAllocatableResourceMappings 13 map:NodeAllocatableResourceMapping ?
message NodeAllocatableResourceMapping
 capacityKey 1 *string ?
 allocationMultiplier 2 *quantity ?
message DeviceCounterConsumption
 counterSet 1 string r
 counters 2 map:Counter ? r
message DeviceCapacity
 value 1 quantity r
 requestPolicy 2 *CapacityRequestPolicy ?
message Counter
 value 1 quantity r
message CapacityRequestPolicy
 default 1 *quantity o
 validValues 3 []quantity ? list=atomic
 validRange 4 *CapacityRequestPolicyRange ?
message CapacityRequestPolicyRange
 min 1 *quantity ? r
 max 2 *quantity ?
 step 3 *quantity ?
message DeviceAttribute
 int 2 *int64 ?
 bool 3 *bool ?
 string 4 *string ?
 version 5 *string ?
 ints 6 []int64 ? list=atomic
 bools 7 []bool ? list=atomic
 strings 8 []string ? list=atomic
 versions 9 []string ? list=atomic
message DeviceTaint
 key 1 string r
 value 2 string ?
 effect 3 string r enum=DeviceTaintEffect
 timeAdded 4 *time ?
message DeviceTaintRule kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeviceTaintRuleSpec r
 status 3 DeviceTaintRuleStatus ?
message DeviceTaintRuleSpec
 deviceSelector 1 *DeviceTaintSelector ?
 taint 2 DeviceTaint ? r
message DeviceTaintSelector
 driver 2 *string ?
 pool 3 *string ?
 device 4 *string ?
message DeviceTaintRuleStatus
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
message DeviceTaintRuleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []DeviceTaintRule
message ResourceSliceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceSlice
message ResourceClaim kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
 status 3 ResourceClaimStatus ?
message ResourceClaimSpec
 devices 1 DeviceClaim o
message DeviceClaim
 requests 1 []DeviceRequest o list=atomic
 constraints 2 []DeviceConstraint ? list=atomic
 config 3 []DeviceClaimConfiguration ? list=atomic
message DeviceRequest
 name 1 string r
 exactly 2 *ExactDeviceRequest ?
 firstAvailable 3 []DeviceSubRequest ? list=atomic
message ExactDeviceRequest
 deviceClassName 1 string r
 selectors 2 []DeviceSelector ? list=atomic
 allocationMode 3 string ?
 count 4 int64 ?
 adminAccess 5 *bool ?
 tolerations 6 []DeviceToleration ? list=atomic
 capacity 7 *CapacityRequirements ?
message DeviceSubRequest
 name 1 string r
 deviceClassName 2 string r
 selectors 3 []DeviceSelector ? list=atomic
 allocationMode 4 string ?
 count 5 int64 ?
 tolerations 6 []DeviceToleration ? list=atomic
 capacity 7 *CapacityRequirements ?
message CapacityRequirements
 requests 1 map:quantity ?
message DeviceSelector
 cel 1 *CELDeviceSelector ?
message CELDeviceSelector
 expression 1 string r
message DeviceConstraint
 requests 1 []string ? list=atomic
 matchAttribute 2 *string ?
 distinctAttribute 3 *string ?
message DeviceClaimConfiguration
 requests 1 []string ? list=atomic
 & 2 DeviceConfiguration
message DeviceConfiguration
 opaque 1 *OpaqueDeviceConfiguration ?
message OpaqueDeviceConfiguration
 driver 1 string r
 parameters 2 raw r
message DeviceToleration
 key 1 string ?
 operator 2 string ? default="Equal" enum=DeviceTolerationOperator
 value 3 string ?
 effect 4 string ? enum=DeviceTaintEffect
 tolerationSeconds 5 *int64 ?
message ResourceClaimStatus
 allocation 1 *AllocationResult ?
 reservedFor 2 []ResourceClaimConsumerReference ? patch=merge:uid list=map:uid
 devices 4 []AllocatedDeviceStatus ? list=map:driver,device,pool,shareID
message ResourceClaimConsumerReference
 apiGroup 1 string ?
 resource 3 string r
 name 4 string r
 uid 5 string r
message AllocationResult
 devices 1 DeviceAllocationResult ?
 nodeSelector 3 *core/v1.NodeSelector ?
 allocationTimestamp 5 *time ?
message DeviceAllocationResult
 results 1 []DeviceRequestAllocationResult ? list=atomic
 config 2 []DeviceAllocationConfiguration ? list=atomic
message DeviceRequestAllocationResult
 request 1 string r
 driver 2 string r
 pool 3 string r
 device 4 string r
 adminAccess 5 *bool ?
 tolerations 6 []DeviceToleration ? list=atomic
 bindingConditions 7 []string ? list=atomic
 bindingFailureConditions 8 []string ? list=atomic
 shareID 9 *string ?
 consumedCapacity 10 map:quantity ?
message DeviceAllocationConfiguration
 source 1 string r enum=AllocationConfigSource
 requests 2 []string ? list=atomic
 & 3 DeviceConfiguration
message ResourceClaimList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaim
message DeviceClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 DeviceClassSpec
message DeviceClassSpec
 selectors 1 []DeviceSelector ? list=atomic
 config 2 []DeviceClassConfiguration ? list=atomic
 extendedResourceName 4 *string ?
message DeviceClassConfiguration
 & 1 DeviceConfiguration
message DeviceClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []DeviceClass
message ResourceClaimTemplate kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimTemplateSpec
message ResourceClaimTemplateSpec
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ResourceClaimSpec
message ResourceClaimTemplateList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ResourceClaimTemplate
message AllocatedDeviceStatus
 driver 1 string r
 pool 2 string r
 device 3 string r
 shareID 7 *string ?
 conditions 4 []meta/v1.Condition o list=map:type
 data 5 *raw ?
 networkData 6 *NetworkDeviceData ?
message NetworkDeviceData
 interfaceName 1 string ?
 ips 2 []string ? list=atomic
 hardwareAddress 3 string ?
`;
