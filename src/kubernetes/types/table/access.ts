/**
 * Facts of Kubernetes' API types (access); made by `npm run kubernetes:table`, not by hand.
 */
export const access: string = `
package authentication/v1 authentication.k8s.io v1
kinds TokenReview TokenRequest SelfSubjectReview
message TokenReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 TokenReviewSpec r
 status 3 TokenReviewStatus ?
message TokenReviewSpec
 token 1 string ? r
 audiences 2 []string ? list=atomic
message TokenReviewStatus
 authenticated 1 bool ?
 user 2 UserInfo ?
 audiences 4 []string ? list=atomic
 error 3 string ?
message UserInfo
 username 1 string ?
 uid 2 string ?
 groups 3 []string ? list=atomic
 extra 4 map:ExtraValue ?
message ExtraValue form=items
 items 1 []string
message TokenRequest kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 TokenRequestSpec o
 status 3 TokenRequestStatus ?
message TokenRequestSpec
 audiences 1 []string o list=atomic
 expirationSeconds 4 *int64 o
 boundObjectRef 3 *BoundObjectReference o
message TokenRequestStatus
 token 1 string o
 expirationTimestamp 2 time o
message BoundObjectReference
 kind 1 string ?
 apiVersion 2 string ?
 name 3 string ?
 uid 4 string ?
message SelfSubjectReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 status 2 SelfSubjectReviewStatus ?
message SelfSubjectReviewStatus
 userInfo 1 UserInfo ?

package authentication/v1alpha1 authentication.k8s.io v1alpha1
kinds SelfSubjectReview
message SelfSubjectReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 status 2 SelfSubjectReviewStatus ?
message SelfSubjectReviewStatus
 userInfo 1 authentication/v1.UserInfo ?

package authentication/v1beta1 authentication.k8s.io v1beta1
kinds SelfSubjectReview TokenReview
message TokenReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 TokenReviewSpec r
 status 3 TokenReviewStatus ?
message TokenReviewSpec
 token 1 string ? r
 audiences 2 []string ? list=atomic
message TokenReviewStatus
 authenticated 1 bool ?
 user 2 UserInfo ?
 audiences 4 []string ? list=atomic
 error 3 string ?
message UserInfo
 username 1 string ?
 uid 2 string ?
 groups 3 []string ? list=atomic
 extra 4 map:ExtraValue ?
message ExtraValue form=items
 items 1 []string
message SelfSubjectReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 status 2 SelfSubjectReviewStatus ?
message SelfSubjectReviewStatus
 userInfo 1 authentication/v1.UserInfo ?

package authorization/v1 authorization.k8s.io v1
kinds SelfSubjectRulesReview SelfSubjectAccessReview SubjectAccessReview LocalSubjectAccessReview
message SubjectAccessReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 SubjectAccessReviewSpec
 status 3 SubjectAccessReviewStatus ?
message SelfSubjectAccessReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 SelfSubjectAccessReviewSpec
 status 3 SubjectAccessReviewStatus ?
message LocalSubjectAccessReview kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 SubjectAccessReviewSpec
 status 3 SubjectAccessReviewStatus ?
message ResourceAttributes
 namespace 1 string ?
 verb 2 string ?
 group 3 string ?
 version 4 string ?
 resource 5 string ?
 subresource 6 string ?
 name 7 string ?
 fieldSelector 8 *FieldSelectorAttributes ?
 labelSelector 9 *LabelSelectorAttributes ?
message LabelSelectorAttributes
 rawSelector 1 string ?
 requirements 2 []meta/v1.LabelSelectorRequirement ? list=atomic
message FieldSelectorAttributes
 rawSelector 1 string ?
 requirements 2 []meta/v1.FieldSelectorRequirement ? list=atomic
message NonResourceAttributes
 path 1 string ?
 verb 2 string ?
message SubjectAccessReviewSpec
 resourceAttributes 1 *ResourceAttributes ?
 nonResourceAttributes 2 *NonResourceAttributes ?
 user 3 string ?
 groups 4 []string ? list=atomic
 extra 5 map:ExtraValue ?
 uid 6 string ?
message ExtraValue form=items
 items 1 []string
message SelfSubjectAccessReviewSpec
 resourceAttributes 1 *ResourceAttributes ?
 nonResourceAttributes 2 *NonResourceAttributes ?
message SubjectAccessReviewStatus
 allowed 1 bool
 denied 4 bool ?
 reason 2 string ?
 evaluationError 3 string ?
message SelfSubjectRulesReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 SelfSubjectRulesReviewSpec
 status 3 SubjectRulesReviewStatus ?
message SelfSubjectRulesReviewSpec
 namespace 1 string ?
message SubjectRulesReviewStatus
 resourceRules 1 []ResourceRule list=atomic
 nonResourceRules 2 []NonResourceRule list=atomic
 incomplete 3 bool
 evaluationError 4 string ?
message ResourceRule
 verbs 1 []string list=atomic
 apiGroups 2 []string ? list=atomic
 resources 3 []string ? list=atomic
 resourceNames 4 []string ? list=atomic
message NonResourceRule
 verbs 1 []string list=atomic
 nonResourceURLs 2 []string ? list=atomic

package authorization/v1beta1 authorization.k8s.io v1beta1
kinds SelfSubjectRulesReview SelfSubjectAccessReview SubjectAccessReview LocalSubjectAccessReview
message SubjectAccessReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 SubjectAccessReviewSpec
 status 3 SubjectAccessReviewStatus ?
message SelfSubjectAccessReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 SelfSubjectAccessReviewSpec
 status 3 SubjectAccessReviewStatus ?
message LocalSubjectAccessReview kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 SubjectAccessReviewSpec
 status 3 SubjectAccessReviewStatus ?
message ResourceAttributes
 namespace 1 string ?
 verb 2 string ?
 group 3 string ?
 version 4 string ?
 resource 5 string ?
 subresource 6 string ?
 name 7 string ?
 fieldSelector 8 *authorization/v1.FieldSelectorAttributes ?
 labelSelector 9 *authorization/v1.LabelSelectorAttributes ?
message NonResourceAttributes
 path 1 string ?
 verb 2 string ?
message SubjectAccessReviewSpec
 resourceAttributes 1 *ResourceAttributes ?
 nonResourceAttributes 2 *NonResourceAttributes ?
 user 3 string ?
 group 4 []string ? list=atomic
 extra 5 map:ExtraValue ?
 uid 6 string ?
message ExtraValue form=items
 items 1 []string
message SelfSubjectAccessReviewSpec
 resourceAttributes 1 *ResourceAttributes ?
 nonResourceAttributes 2 *NonResourceAttributes ?
message SubjectAccessReviewStatus
 allowed 1 bool
 denied 4 bool ?
 reason 2 string ?
 evaluationError 3 string ?
message SelfSubjectRulesReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 SelfSubjectRulesReviewSpec
 status 3 SubjectRulesReviewStatus ?
message SelfSubjectRulesReviewSpec
 namespace 1 string ?
message SubjectRulesReviewStatus
 resourceRules 1 []ResourceRule list=atomic
 nonResourceRules 2 []NonResourceRule list=atomic
 incomplete 3 bool
 evaluationError 4 string ?
message ResourceRule
 verbs 1 []string list=atomic
 apiGroups 2 []string ? list=atomic
 resources 3 []string ? list=atomic
 resourceNames 4 []string ? list=atomic
message NonResourceRule
 verbs 1 []string list=atomic
 nonResourceURLs 2 []string ? list=atomic

package certificates/v1 certificates.k8s.io v1
kinds CertificateSigningRequest CertificateSigningRequestList
enum KeyUsage any cert sign client auth code signing content commitment crl sign data encipherment decipher only digital signature email protection encipher only ipsec end system ipsec tunnel ipsec user key agreement key encipherment microsoft sgc netscape sgc ocsp signing s/mime server auth signing timestamping
message CertificateSigningRequest kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CertificateSigningRequestSpec
 status 3 CertificateSigningRequestStatus ?
message CertificateSigningRequestSpec
 request 1 bytes
 signerName 7 string
 expirationSeconds 8 *int32 ?
 usages 5 []string ? list=atomic enum=KeyUsage
 username 2 string ?
 uid 3 string ?
 groups 4 []string ? list=atomic
 extra 6 map:ExtraValue ?
message ExtraValue form=items
 items 1 []string
message CertificateSigningRequestStatus
 conditions 1 []CertificateSigningRequestCondition ? list=map:type
 certificate 2 bytes ?
message CertificateSigningRequestCondition
 type 1 string
 status 6 string
 reason 2 string ?
 message 3 string ?
 lastUpdateTime 4 time ?
 lastTransitionTime 5 time ?
message CertificateSigningRequestList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CertificateSigningRequest

package certificates/v1alpha1 certificates.k8s.io v1alpha1
kinds ClusterTrustBundle ClusterTrustBundleList PodCertificateRequest PodCertificateRequestList
message ClusterTrustBundle kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ClusterTrustBundleSpec
message ClusterTrustBundleSpec
 signerName 1 string ?
 trustBundle 2 string
message ClusterTrustBundleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterTrustBundle
message PodCertificateRequest kind until=1.34
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodCertificateRequestSpec
 status 3 PodCertificateRequestStatus ?
message PodCertificateRequestSpec until=1.34
 signerName 1 string r
 podName 2 string r
 podUID 3 string r
 serviceAccountName 4 string r
 serviceAccountUID 5 string r
 nodeName 6 string r
 nodeUID 7 string r
 maxExpirationSeconds 8 *int32 ? default=86400
 pkixPublicKey 9 bytes r
 proofOfPossession 10 bytes r
message PodCertificateRequestStatus until=1.34
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
 certificateChain 2 string ?
 notBefore 4 *time ?
 beginRefreshAt 5 *time ?
 notAfter 6 *time ?
message PodCertificateRequestList kind until=1.34
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodCertificateRequest

package certificates/v1beta1 certificates.k8s.io v1beta1
kinds CertificateSigningRequest CertificateSigningRequestList ClusterTrustBundle ClusterTrustBundleList PodCertificateRequest PodCertificateRequestList
message CertificateSigningRequest kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CertificateSigningRequestSpec
 status 3 CertificateSigningRequestStatus ?
message CertificateSigningRequestSpec
 request 1 bytes
 signerName 7 *string ?
 expirationSeconds 8 *int32 ?
 usages 5 []string ? list=atomic
 username 2 string ?
 uid 3 string ?
 groups 4 []string ? list=atomic
 extra 6 map:ExtraValue ?
message ExtraValue form=items
 items 1 []string
message CertificateSigningRequestStatus
 conditions 1 []CertificateSigningRequestCondition ? list=map:type
 certificate 2 bytes ?
message CertificateSigningRequestCondition
 type 1 string
 status 6 string o
 reason 2 string ?
 message 3 string ?
 lastUpdateTime 4 time ?
 lastTransitionTime 5 time ?
message CertificateSigningRequestList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CertificateSigningRequest
message ClusterTrustBundle kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ClusterTrustBundleSpec
message ClusterTrustBundleSpec
 signerName 1 string ?
 trustBundle 2 string
message ClusterTrustBundleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterTrustBundle
message PodCertificateRequest kind
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 PodCertificateRequestSpec r
 status 3 PodCertificateRequestStatus ?
message PodCertificateRequestSpec
 signerName 1 string r
 podName 2 string r
 podUID 3 string r
 serviceAccountName 4 string r
 serviceAccountUID 5 string r
 nodeName 6 string r
 nodeUID 7 string r
 maxExpirationSeconds 8 *int32 ? default=86400
 pkixPublicKey 9 bytes o
 proofOfPossession 10 bytes o
 stubPKCS10Request 12 bytes
 unverifiedUserAnnotations 11 map:string ?
message PodCertificateRequestStatus
 conditions 1 []meta/v1.Condition ? patch=merge:type list=map:type
 certificateChain 2 string ?
 notBefore 4 *time ?
 beginRefreshAt 5 *time ?
 notAfter 6 *time ?
message PodCertificateRequestList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []PodCertificateRequest

package rbac/v1 rbac.authorization.k8s.io v1
kinds Role RoleBinding RoleBindingList RoleList ClusterRole ClusterRoleBinding ClusterRoleBindingList ClusterRoleList
message PolicyRule
 verbs 1 []string r list=atomic
 apiGroups 2 []string ? list=atomic
 resources 3 []string ? list=atomic
 resourceNames 4 []string ? list=atomic
 nonResourceURLs 5 []string ? list=atomic
message Subject atomic
 kind 1 string r
 apiGroup 2 string ?
 name 3 string r
 namespace 4 string ?
message RoleRef atomic
 apiGroup 1 string o
 kind 2 string r
 name 3 string r
message Role kind
 metadata 1 meta/v1.ObjectMeta ?
 rules 2 []PolicyRule o list=atomic
message RoleBinding kind
 metadata 1 meta/v1.ObjectMeta ?
 subjects 2 []Subject ? list=atomic
 roleRef 3 RoleRef r
message RoleBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []RoleBinding
message RoleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Role
message ClusterRole kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 rules 2 []PolicyRule o list=atomic
 aggregationRule 3 *AggregationRule ?
message AggregationRule
 clusterRoleSelectors 1 []meta/v1.LabelSelector ? list=atomic
message ClusterRoleBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 subjects 2 []Subject ? list=atomic
 roleRef 3 RoleRef r
message ClusterRoleBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterRoleBinding
message ClusterRoleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterRole

package rbac/v1alpha1 rbac.authorization.k8s.io v1alpha1
kinds Role RoleBinding RoleBindingList RoleList ClusterRole ClusterRoleBinding ClusterRoleBindingList ClusterRoleList
message PolicyRule
 verbs 1 []string r list=atomic
 apiGroups 3 []string ? list=atomic
 resources 4 []string ? list=atomic
 resourceNames 5 []string ? list=atomic
 nonResourceURLs 6 []string ? list=atomic
message Subject
 kind 1 string r
 apiVersion 2 string ?
 name 3 string r
 namespace 4 string ?
message RoleRef
 apiGroup 1 string o
 kind 2 string r
 name 3 string r
message Role kind
 metadata 1 meta/v1.ObjectMeta ?
 rules 2 []PolicyRule o list=atomic
message RoleBinding kind
 metadata 1 meta/v1.ObjectMeta ?
 subjects 2 []Subject ? list=atomic
 roleRef 3 RoleRef r
message RoleBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []RoleBinding
message RoleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Role
message ClusterRole kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 rules 2 []PolicyRule o list=atomic
 aggregationRule 3 *AggregationRule ?
message AggregationRule
 clusterRoleSelectors 1 []meta/v1.LabelSelector ? list=atomic
message ClusterRoleBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 subjects 2 []Subject ? list=atomic
 roleRef 3 RoleRef r
message ClusterRoleBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterRoleBinding
message ClusterRoleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterRole

package rbac/v1beta1 rbac.authorization.k8s.io v1beta1
kinds Role RoleBinding RoleBindingList RoleList ClusterRole ClusterRoleBinding ClusterRoleBindingList ClusterRoleList
message PolicyRule
 verbs 1 []string r list=atomic
 apiGroups 2 []string ? list=atomic
 resources 3 []string ? list=atomic
 resourceNames 4 []string ? list=atomic
 nonResourceURLs 5 []string ? list=atomic
message Subject
 kind 1 string r
 apiGroup 2 string ?
 name 3 string r
 namespace 4 string ?
message RoleRef
 apiGroup 1 string o
 kind 2 string r
 name 3 string r
message Role kind
 metadata 1 meta/v1.ObjectMeta ?
 rules 2 []PolicyRule o list=atomic
message RoleBinding kind
 metadata 1 meta/v1.ObjectMeta ?
 subjects 2 []Subject ? list=atomic
 roleRef 3 RoleRef r
message RoleBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []RoleBinding
message RoleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []Role
message ClusterRole kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 rules 2 []PolicyRule o list=atomic
 aggregationRule 3 *AggregationRule ?
message AggregationRule
 clusterRoleSelectors 1 []meta/v1.LabelSelector ? list=atomic
message ClusterRoleBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 subjects 2 []Subject ? list=atomic
 roleRef 3 RoleRef r
message ClusterRoleBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterRoleBinding
message ClusterRoleList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ClusterRole
`;
