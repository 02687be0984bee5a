/**
 * Facts of Kubernetes' API types (meta); made by `npm run kubernetes:table`, not by hand.
 */
export const meta: string = `
package meta/v1 meta.k8s.io v1
kinds WatchEvent ListOptions GetOptions DeleteOptions CreateOptions UpdateOptions PatchOptions Status APIVersions APIGroupList APIGroup APIResourceList Table TableOptions PartialObjectMetadata PartialObjectMetadataList
message GroupResource
 group 1 string
 resource 2 string
message GroupVersionResource
 group 1 string
 version 2 string
 resource 3 string
message GroupKind
 group 1 string
 kind 2 string
message GroupVersionKind
 group 1 string
 version 2 string
 kind 3 string
message GroupVersion
 group 1 string
 version 2 string
message Timestamp
 seconds 1 int64
 nanos 2 int32
message ListMeta
 selfLink 1 string ?
 resourceVersion 2 string ?
 continue 3 string ?
 remainingItemCount 4 *int64 ?
 shardInfo 5 *ShardInfo ?
message ShardInfo
 selector 1 string r
message ObjectMeta
 name 1 string ?
 generateName 2 string ?
 namespace 3 string ?
 selfLink 4 string ?
 uid 5 string ?
 resourceVersion 6 string ?
 generation 7 int64 ?
 creationTimestamp 8 time ? 0
 deletionTimestamp 9 *time ?
 deletionGracePeriodSeconds 10 *int64 ?
 labels 11 map:string ?
 annotations 12 map:string ?
 ownerReferences 13 []OwnerReference ? patch=merge:uid list=map:uid
 finalizers 14 []string ? patch=merge list=set
 managedFields 17 []ManagedFieldsEntry ? list=atomic
 clusterName 15 string ? until=1.24
 initializers 16 *Initializers ? until=1.15
message OwnerReference atomic
 apiVersion 5 string
 kind 1 string
 name 3 string
 uid 4 string
 controller 6 *bool ?
 blockOwnerDeletion 7 *bool ?
message ListOptions kind
 labelSelector 1 string ?
 fieldSelector 2 string ?
 watch 3 bool ?
 allowWatchBookmarks 9 bool ?
 resourceVersion 4 string ?
 resourceVersionMatch 10 string ?
 timeoutSeconds 5 *int64 ?
 limit 7 int64 ?
 continue 8 string ?
 sendInitialEvents 11 *bool ?
 shardSelector 15 string ?
 includeUninitialized 6 bool ? until=1.13
message GetOptions kind
 resourceVersion 1 string ?
 includeUninitialized 2 bool ? until=1.13
message DeleteOptions kind
 gracePeriodSeconds 1 *int64 ?
 preconditions 2 *Preconditions ?
 orphanDependents 3 *bool ?
 propagationPolicy 4 *string ?
 dryRun 5 []string ? list=atomic
 ignoreStoreReadErrorWithClusterBreakingPotential 6 *bool ?
message CreateOptions kind
 dryRun 1 []string ? list=atomic
 fieldManager 3 string ?
 fieldValidation 4 string ?
 includeUninitialized 2 bool ? until=1.13
message PatchOptions kind
 dryRun 1 []string ? list=atomic
 force 2 *bool ?
 fieldManager 3 string ?
 fieldValidation 4 string ?
message ApplyOptions kind
 dryRun 1 []string ? list=atomic
 force 2 bool
 fieldManager 3 string
message UpdateOptions kind
 dryRun 1 []string ? list=atomic
 fieldManager 2 string ?
 fieldValidation 3 string ?
message Preconditions
 uid 1 *string ?
 resourceVersion 2 *string ?
message Status kind
 metadata 1 ListMeta ?
 status 2 string ?
 message 3 string ?
 reason 4 string ?
 details 5 *StatusDetails ?
 code 6 int32 ?
message StatusDetails
 name 1 string ?
 group 2 string ?
 kind 3 string ?
 uid 6 string ?
 causes 4 []StatusCause ? list=atomic
 retryAfterSeconds 5 int32 ?
message StatusCause
 reason 1 string ?
 message 2 string ?
 field 3 string ?
message List kind
 metadata 1 ListMeta ?
 items 2 []raw
message APIVersions kind
 versions 1 []string list=atomic
 serverAddressByClientCIDRs 2 []ServerAddressByClientCIDR list=atomic
message APIGroupList kind
 groups 1 []APIGroup list=atomic
message APIGroup kind
 name 1 string
 versions 2 []GroupVersionForDiscovery list=atomic
 preferredVersion 3 GroupVersionForDiscovery ?
 serverAddressByClientCIDRs 4 []ServerAddressByClientCIDR ? list=atomic
message ServerAddressByClientCIDR
 clientCIDR 1 string
 serverAddress 2 string
message GroupVersionForDiscovery
 groupVersion 1 string
 version 2 string
message APIResource
 name 1 string
 singularName 6 string
 namespaced 2 bool
 group 8 string ?
 version 9 string ?
 kind 3 string
 verbs 4 Verbs
 shortNames 5 []string ? list=atomic
 categories 7 []string ? list=atomic
 storageVersionHash 10 string ?
message Verbs form=items
 items 1 []string
message APIResourceList kind
 groupVersion 1 string
 resources 2 []APIResource list=atomic
message RootPaths
 paths 1 []string list=atomic
message Patch
message LabelSelector atomic
 matchLabels 1 map:string ?
 matchExpressions 2 []LabelSelectorRequirement ? list=atomic
message LabelSelectorRequirement
 key 1 string
 operator 2 string
 values 3 []string ? list=atomic
message FieldSelectorRequirement
 key 1 string
 operator 2 string
 values 3 []string ? list=atomic
message ManagedFieldsEntry
 manager 1 string ?
 operation 2 string ?
 apiVersion 3 string ?
 time 4 *time ?
 fieldsType 6 string ?
 fieldsV1 7 *fields ?
 subresource 8 string ?
message Table kind
 metadata 0 ListMeta ?
 columnDefinitions 0 []TableColumnDefinition list=atomic
 rows 0 []TableRow list=atomic
message TableColumnDefinition
 name 0 string
 type 0 string
 format 0 string
 description 0 string
 priority 0 int32
message TableRow
 cells 0 []any list=atomic
 conditions 0 []TableRowCondition ? list=atomic
 object 0 raw ?
message TableRowCondition
 type 0 string
 status 0 string
 reason 0 string ?
 message 0 string ?
message TableOptions kind
 includeObject 1 string ?
message PartialObjectMetadata kind
 metadata 1 ObjectMeta ?
message PartialObjectMetadataList kind
 metadata 1 ListMeta ?
 items 2 []PartialObjectMetadata
message Condition
 type 1 string r
 status 2 string r
 observedGeneration 3 int64 ?
 lastTransitionTime 4 time r
 reason 5 string r
 message 6 string r
message WatchEvent
 type 1 string
 object 2 raw
message Initializers until=1.15
 pending 1 []Initializer patch=merge:name
 result 2 *Status ?
message Initializer until=1.15
 name 1 string

package meta/v1beta1 meta.k8s.io v1beta1
kinds Table TableOptions PartialObjectMetadata PartialObjectMetadataList
message Table same=meta/v1.Table
message TableColumnDefinition same=meta/v1.TableColumnDefinition
message TableRow same=meta/v1.TableRow
message TableRowCondition same=meta/v1.TableRowCondition
message TableOptions same=meta/v1.TableOptions
message PartialObjectMetadata same=meta/v1.PartialObjectMetadata
message PartialObjectMetadataList kind
 metadata 2 meta/v1.ListMeta ?
 items 1 []meta/v1.PartialObjectMetadata
`;
