/**
 * Facts of Kubernetes' API types (others); made by `npm run kubernetes:table`, not by hand.
 */
export const others: string = `
package auditregistration/v1alpha1 auditregistration.k8s.io v1alpha1
kinds AuditSink AuditSinkList
message AuditSink kind cluster until=1.18
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 AuditSinkSpec ?
message AuditSinkSpec until=1.18
 policy 1 Policy
 webhook 2 Webhook
message AuditSinkList kind until=1.18
 metadata 1 meta/v1.ListMeta ?
 items 2 []AuditSink
message Policy until=1.18
 level 1 string
 stages 2 []string o
message Webhook until=1.18
 throttle 1 *WebhookThrottleConfig ?
 clientConfig 2 WebhookClientConfig
message WebhookThrottleConfig until=1.18
 qps 1 *int64 ?
 burst 2 *int64 ?
message WebhookClientConfig until=1.18
 url 1 *string ?
 service 2 *ServiceReference ?
 caBundle 3 bytes ?
message ServiceReference until=1.18
 namespace 1 string
 name 2 string
 path 3 *string ?
 port 4 *int32 ?

package events/v1 events.k8s.io v1
kinds Event EventList
message Event kind
 metadata 1 meta/v1.ObjectMeta o
 eventTime 2 microtime
 series 3 *EventSeries ?
 reportingController 4 string ?
 reportingInstance 5 string ?
 action 6 string ?
 reason 7 string ?
 regarding 8 core/v1.ObjectReference ?
 related 9 *core/v1.ObjectReference ?
 note 10 string ?
 type 11 string ?
 deprecatedSource 12 core/v1.EventSource ?
 deprecatedFirstTimestamp 13 time ?
 deprecatedLastTimestamp 14 time ?
 deprecatedCount 15 int32 ?
message EventSeries
 count 1 int32
 lastObservedTime 2 microtime
message EventList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Event

package events/v1beta1 events.k8s.io v1beta1
kinds Event EventList
message Event kind
 metadata 1 meta/v1.ObjectMeta o
 eventTime 2 microtime
 series 3 *EventSeries ?
 reportingController 4 string ?
 reportingInstance 5 string ?
 action 6 string ?
 reason 7 string ?
 regarding 8 core/v1.ObjectReference ?
 related 9 *core/v1.ObjectReference ?
 note 10 string ?
 type 11 string ?
 deprecatedSource 12 core/v1.EventSource ?
 deprecatedFirstTimestamp 13 time ?
 deprecatedLastTimestamp 14 time ?
 deprecatedCount 15 int32 ?
message EventSeries
 count 1 int32
 lastObservedTime 2 microtime
 state 3 string until=1.18
message EventList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Event

package settings/v1alpha1 settings.k8s.io v1alpha1
kinds PodPreset PodPresetList
message PodPreset kind until=1.19
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodPresetSpec ?
message PodPresetSpec until=1.19
 selector 1 meta/v1.LabelSelector ?
 env 2 []core/v1.EnvVar ?
 envFrom 3 []core/v1.EnvFromSource ?
 volumes 4 []core/v1.Volume ?
 volumeMounts 5 []core/v1.VolumeMount ?
message PodPresetList kind until=1.19
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodPreset
`;
