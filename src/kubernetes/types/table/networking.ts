/**
 * Facts of Kubernetes' API types (networking); made by `npm run kubernetes:table`, not by hand.
 */
export const networking: string = `
package discovery/v1 discovery.k8s.io v1
kinds EndpointSlice EndpointSliceList
message EndpointSlice kind
 metadata 1 meta/v1.ObjectMeta ?
 addressType 4 string r
 endpoints 2 []Endpoint o list=atomic
 ports 3 []EndpointPort o list=atomic
message Endpoint
 addresses 1 []string r list=set
 conditions 2 EndpointConditions ?
 hostname 3 *string ?
 targetRef 4 *core/v1.ObjectReference ?
 deprecatedTopology 5 map:string ?
 nodeName 6 *string ?
 zone 7 *string ?
 hints 8 *EndpointHints ?
message EndpointConditions
 ready 1 *bool ?
 serving 2 *bool ?
 terminating 3 *bool ?
message EndpointHints
 forZones 1 []ForZone ? list=atomic
 forNodes 2 []ForNode ? list=atomic
message ForZone
 name 1 string
message ForNode
 name 1 string
message EndpointPort atomic
 name 1 *string ?
 protocol 2 *string ? enum=core/v1.Protocol
 port 3 *int32 ?
 appProtocol 4 *string ?
message EndpointSliceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []EndpointSlice

package discovery/v1alpha1 discovery.k8s.io v1alpha1
kinds EndpointSlice EndpointSliceList
message EndpointSlice kind until=1.20
 metadata 1 meta/v1.ObjectMeta ?
 addressType 4 string
 endpoints 2 []Endpoint list=atomic
 ports 3 []EndpointPort o list=atomic
message Endpoint until=1.20
 addresses 1 []string list=set
 conditions 2 EndpointConditions ?
 hostname 3 *string ?
 targetRef 4 *core/v1.ObjectReference ?
 topology 5 map:string ?
 nodeName 6 *string ?
message EndpointConditions until=1.20
 ready 1 *bool ?
 serving 2 *bool ?
 terminating 3 *bool ?
message EndpointPort until=1.20
 name 1 *string ?
 protocol 2 *string ?
 port 3 *int32 ?
 appProtocol 4 *string ?
message EndpointSliceList kind until=1.20
 metadata 1 meta/v1.ListMeta ?
 items 2 []EndpointSlice

package discovery/v1beta1 discovery.k8s.io v1beta1
kinds EndpointSlice EndpointSliceList
message EndpointSlice kind
 metadata 1 meta/v1.ObjectMeta ?
 addressType 4 string r
 endpoints 2 []Endpoint list=atomic
 ports 3 []EndpointPort o list=atomic
message Endpoint
 addresses 1 []string r list=set
 conditions 2 EndpointConditions ?
 hostname 3 *string ?
 targetRef 4 *core/v1.ObjectReference ?
 topology 5 map:string ?
 nodeName 6 *string ?
 hints 7 *EndpointHints ?
message EndpointConditions
 ready 1 *bool ?
 serving 2 *bool ?
 terminating 3 *bool ?
message EndpointHints
 forZones 1 []ForZone ? list=atomic
 forNodes 2 []ForNode ? list=atomic
message ForZone
 name 1 string
message ForNode
 name 1 string
message EndpointPort
 name 1 *string ?
 protocol 2 *string ? enum=core/v1.Protocol
 port 3 *int32 ?
 appProtocol 4 *string ?
message EndpointSliceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []EndpointSlice

package networking/v1 networking.k8s.io v1
kinds Ingress IngressList IngressClass IngressClassList NetworkPolicy NetworkPolicyList IPAddress IPAddressList ServiceCIDR ServiceCIDRList
enum PolicyType Egress Ingress
message NetworkPolicy kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 NetworkPolicySpec ?
 status 3 NetworkPolicyStatus ? until=1.27
message NetworkPolicySpec
 podSelector 1 meta/v1.LabelSelector o
 ingress 2 []NetworkPolicyIngressRule ? list=atomic
 egress 3 []NetworkPolicyEgressRule ? list=atomic
 policyTypes 4 []string ? list=atomic enum=PolicyType
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
message Ingress kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 IngressSpec ?
 status 3 IngressStatus ?
message IngressList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Ingress
message IngressSpec
 ingressClassName 4 *string ?
 defaultBackend 1 *IngressBackend ?
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
 pathType 3 *string
 backend 2 IngressBackend
message IngressBackend
 service 4 *IngressServiceBackend ?
 resource 3 *core/v1.TypedLocalObjectReference ?
message IngressServiceBackend
 name 1 string
 port 2 ServiceBackendPort ?
message ServiceBackendPort atomic
 name 1 string ?
 number 2 int32 ?
message IngressClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 IngressClassSpec ?
message IngressClassSpec
 controller 1 string ?
 parameters 2 *IngressClassParametersReference ?
message IngressClassParametersReference
 apiGroup 1 *string ?
 kind 2 string r
 name 3 string r
 scope 4 *string o
 namespace 5 *string ?
message IngressClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []IngressClass
message IPAddress kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 IPAddressSpec ? r
message IPAddressSpec
 parentRef 1 *ParentReference ? r
message ParentReference
 group 1 string ?
 resource 2 string ? r
 namespace 3 string ?
 name 4 string ? r
message IPAddressList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []IPAddress
message ServiceCIDR kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ServiceCIDRSpec ?
 status 3 ServiceCIDRStatus ?
message ServiceCIDRSpec
 cidrs 1 []string ? list=atomic
message ServiceCIDRStatus
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
message ServiceCIDRList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ServiceCIDR
message NetworkPolicyStatus until=1.27
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type

package networking/v1alpha1 networking.k8s.io v1alpha1
kinds IPAddress IPAddressList ServiceCIDR ServiceCIDRList ClusterCIDR ClusterCIDRList
message IPAddress kind cluster until=1.33
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 IPAddressSpec ?
message IPAddressSpec until=1.33
 parentRef 1 *ParentReference ? r
message ParentReference until=1.33
 group 1 string ?
 resource 2 string ? r
 namespace 3 string ?
 name 4 string ? r
 uid 5 string ? until=1.28
message IPAddressList kind until=1.33
 metadata 1 meta/v1.ListMeta ?
 items 2 []IPAddress
message ServiceCIDR kind cluster until=1.33
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ServiceCIDRSpec ?
 status 3 ServiceCIDRStatus ?
message ServiceCIDRSpec until=1.33
 cidrs 1 []string ? list=atomic
message ServiceCIDRStatus until=1.33
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
message ServiceCIDRList kind until=1.33
 metadata 1 meta/v1.ListMeta ?
 items 2 []ServiceCIDR
message ClusterCIDR kind cluster until=1.28
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ClusterCIDRSpec ?
message ClusterCIDRSpec until=1.28
 nodeSelector 1 *core/v1.NodeSelector ?
 perNodeHostBits 2 int32 r
 ipv4 3 string o
 ipv6 4 string o
message ClusterCIDRList kind until=1.28
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterCIDR

package networking/v1beta1 networking.k8s.io v1beta1
kinds Ingress IngressList IngressClass IngressClassList IPAddress IPAddressList ServiceCIDR ServiceCIDRList
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
message IngressClass kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 IngressClassSpec ?
message IngressClassSpec
 controller 1 string ?
 parameters 2 *IngressClassParametersReference ?
message IngressClassParametersReference
 apiGroup 1 *string ?
 kind 2 string r
 name 3 string r
 scope 4 *string
 namespace 5 *string ?
message IngressClassList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []IngressClass
message IPAddress kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 IPAddressSpec ? r
message IPAddressSpec
 parentRef 1 *ParentReference ? r
message ParentReference
 group 1 string ?
 resource 2 string ? r
 namespace 3 string ?
 name 4 string ? r
message IPAddressList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []IPAddress
message ServiceCIDR kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ServiceCIDRSpec ?
 status 3 ServiceCIDRStatus ?
message ServiceCIDRSpec
 cidrs 1 []string ? list=atomic
message ServiceCIDRStatus
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
message ServiceCIDRList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ServiceCIDR
`;
