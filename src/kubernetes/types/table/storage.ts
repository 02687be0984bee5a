/**
 * Facts of Kubernetes' API types (storage); made by `npm run kubernetes:table`, not by hand.
 */
export const storage: string = `
package storage/v1 storage.k8s.io v1
kinds StorageClass StorageClassList VolumeAttachment VolumeAttachmentList CSINode CSINodeList CSIDriver CSIDriverList CSIStorageCapacity CSIStorageCapacityList VolumeAttributesClass VolumeAttributesClassList
enum VolumeBindingMode Immediate WaitForFirstConsumer
message StorageClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 provisioner 2 string r
 parameters 3 map:string ?
 reclaimPolicy 4 *string ? enum=core/v1.PersistentVolumeReclaimPolicy
 mountOptions 5 []string ? list=atomic
 allowVolumeExpansion 6 *bool ?
 volumeBindingMode 7 *string ? enum=VolumeBindingMode
 allowedTopologies 8 []core/v1.TopologySelectorTerm ? list=atomic
message StorageClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []StorageClass
message VolumeAttachment kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 VolumeAttachmentSpec r
 status 3 VolumeAttachmentStatus ?
message VolumeAttachmentList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []VolumeAttachment
message VolumeAttachmentSpec
 attacher 1 string r
 source 2 VolumeAttachmentSource
 nodeName 3 string
message VolumeAttachmentSource
 persistentVolumeName 1 *string ?
 inlineVolumeSpec 2 *core/v1.PersistentVolumeSpec ?
message VolumeAttachmentStatus
 attached 1 bool
 attachmentMetadata 2 map:string ?
 attachError 3 *VolumeError ?
 detachError 4 *VolumeError ?
message VolumeError
 time 1 time ?
 message 2 string ?
 errorCode 3 *int32 ?
message CSIDriver kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CSIDriverSpec
message CSIDriverList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CSIDriver
message CSIDriverSpec
 attachRequired 1 *bool ?
 podInfoOnMount 2 *bool ?
 volumeLifecycleModes 3 []string ? list=set
 storageCapacity 4 *bool ?
 fsGroupPolicy 5 *string ?
 tokenRequests 6 []TokenRequest ? list=atomic
 requiresRepublish 7 *bool ?
 seLinuxMount 8 *bool ?
 nodeAllocatableUpdatePeriodSeconds 9 *int64 ?
 serviceAccountTokenInSecrets 10 *bool ?
 preventPodSchedulingIfMissing 11 *bool ?
message TokenRequest
 audience 1 string
 expirationSeconds 2 *int64 ?
message CSINode kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CSINodeSpec
message CSINodeSpec
 drivers 1 []CSINodeDriver patch=merge:name list=map:name
message CSINodeDriver
 name 1 string
 nodeID 2 string
 topologyKeys 3 []string o list=atomic
 allocatable 4 *VolumeNodeResources ?
message VolumeNodeResources
 count 1 *int32 ?
message CSINodeList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CSINode
message CSIStorageCapacity kind
 metadata 1 meta/v1.ObjectMeta ?
 nodeTopology 2 *meta/v1.LabelSelector ?
 storageClassName 3 string
 capacity 4 *quantity ?
 maximumVolumeSize 5 *quantity ?
message CSIStorageCapacityList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CSIStorageCapacity
message VolumeAttributesClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 driverName 2 string
 parameters 3 map:string ?
message VolumeAttributesClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []VolumeAttributesClass

package storage/v1alpha1 storage.k8s.io v1alpha1
kinds VolumeAttachment VolumeAttachmentList CSIStorageCapacity CSIStorageCapacityList VolumeAttributesClass VolumeAttributesClassList
message VolumeAttachment kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 VolumeAttachmentSpec r
 status 3 VolumeAttachmentStatus ?
message VolumeAttachmentList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []VolumeAttachment
message VolumeAttachmentSpec
 attacher 1 string r
 source 2 VolumeAttachmentSource
 nodeName 3 string
message VolumeAttachmentSource
 persistentVolumeName 1 *string ?
 inlineVolumeSpec 2 *core/v1.PersistentVolumeSpec ?
message VolumeAttachmentStatus
 attached 1 bool
 attachmentMetadata 2 map:string ?
 attachError 3 *VolumeError ?
 detachError 4 *VolumeError ?
message VolumeError
 time 1 time ?
 message 2 string ?
 errorCode 3 *int32 ?
message CSIStorageCapacity kind
 metadata 1 meta/v1.ObjectMeta ?
 nodeTopology 2 *meta/v1.LabelSelector ?
 storageClassName 3 string
 capacity 4 *quantity ?
 maximumVolumeSize 5 *quantity ?
message CSIStorageCapacityList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CSIStorageCapacity
message VolumeAttributesClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 driverName 2 string
 parameters 3 map:string ?
message VolumeAttributesClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []VolumeAttributesClass

package storage/v1beta1 storage.k8s.io v1beta1
kinds StorageClass StorageClassList VolumeAttachment VolumeAttachmentList CSIDriver CSIDriverList CSINode CSINodeList CSIStorageCapacity CSIStorageCapacityList VolumeAttributesClass VolumeAttributesClassList
message StorageClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 provisioner 2 string r
 parameters 3 map:string ?
 reclaimPolicy 4 *string ? enum=core/v1.PersistentVolumeReclaimPolicy
 mountOptions 5 []string ? list=atomic
 allowVolumeExpansion 6 *bool ?
 volumeBindingMode 7 *string ?
 allowedTopologies 8 []core/v1.TopologySelectorTerm ? list=atomic
message StorageClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []StorageClass
message VolumeAttachment kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 VolumeAttachmentSpec r
 status 3 VolumeAttachmentStatus ?
message VolumeAttachmentList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []VolumeAttachment
message VolumeAttachmentSpec
 attacher 1 string r
 source 2 VolumeAttachmentSource
 nodeName 3 string
message VolumeAttachmentSource
 persistentVolumeName 1 *string ?
 inlineVolumeSpec 2 *core/v1.PersistentVolumeSpec ?
message VolumeAttachmentStatus
 attached 1 bool
 attachmentMetadata 2 map:string ?
 attachError 3 *VolumeError ?
 detachError 4 *VolumeError ?
message VolumeError
 time 1 time ?
 message 2 string ?
 errorCode 3 *int32 ?
message CSIDriver kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CSIDriverSpec
message CSIDriverList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CSIDriver
message CSIDriverSpec
 attachRequired 1 *bool ?
 podInfoOnMount 2 *bool ?
 volumeLifecycleModes 3 []string ? list=atomic
 storageCapacity 4 *bool ?
 fsGroupPolicy 5 *string ?
 tokenRequests 6 []TokenRequest ? list=atomic
 requiresRepublish 7 *bool ?
 seLinuxMount 8 *bool ?
 nodeAllocatableUpdatePeriodSeconds 9 *int64 ?
 serviceAccountTokenInSecrets 10 *bool ?
 preventPodSchedulingIfMissing 11 *bool ?
message TokenRequest
 audience 1 string
 expirationSeconds 2 *int64 ?
message CSINode kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CSINodeSpec
message CSINodeSpec
 drivers 1 []CSINodeDriver patch=merge:name list=map:name
message CSINodeDriver
 name 1 string
 nodeID 2 string
 topologyKeys 3 []string o list=atomic
 allocatable 4 *VolumeNodeResources ?
message VolumeNodeResources
 count 1 *int32 ?
message CSINodeList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CSINode
message CSIStorageCapacity kind
 metadata 1 meta/v1.ObjectMeta ?
 nodeTopology 2 *meta/v1.LabelSelector ?
 storageClassName 3 string
 capacity 4 *quantity ?
 maximumVolumeSize 5 *quantity ?
message CSIStorageCapacityList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CSIStorageCapacity
message VolumeAttributesClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 driverName 2 string
 parameters 3 map:string ?
message VolumeAttributesClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []VolumeAttributesClass

package storagemigration/v1alpha1 storagemigration.k8s.io v1alpha1
kinds StorageVersionMigration StorageVersionMigrationList
message StorageVersionMigration kind cluster until=1.34
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 StorageVersionMigrationSpec ?
 status 3 StorageVersionMigrationStatus ?
message StorageVersionMigrationSpec until=1.34
 resource 1 GroupVersionResource
 continueToken 2 string ?
message GroupVersionResource until=1.34
 group 1 string ?
 version 2 string ?
 resource 3 string ?
message MigrationCondition until=1.34
 type 1 string
 status 2 string
 lastUpdateTime 3 time ?
 reason 4 string ?
 message 5 string ?
message StorageVersionMigrationStatus until=1.34
 conditions 1 []MigrationCondition ? patch=merge:type list=map:type
 resourceVersion 2 string ?
message StorageVersionMigrationList kind until=1.34
 metadata 1 meta/v1.ListMeta ?
 items 2 []StorageVersionMigration patch=merge:type list=map:type

package storagemigration/v1beta1 storagemigration.k8s.io v1beta1
kinds StorageVersionMigration StorageVersionMigrationList
message StorageVersionMigration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 StorageVersionMigrationSpec ?
 status 3 StorageVersionMigrationStatus ?
message StorageVersionMigrationSpec
 resource 1 meta/v1.GroupResource
message StorageVersionMigrationStatus
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
 resourceVersion 2 string ?
message StorageVersionMigrationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []StorageVersionMigration
`;
