/**
 * Facts of Kubernetes' API types (admission); made by `npm run kubernetes:table`, not by hand.
 */
export const admission: string = `
package admission/v1 admission.k8s.io v1
kinds AdmissionReview
message AdmissionReview kind
 request 1 *AdmissionRequest ?
 response 2 *AdmissionResponse ?
message AdmissionRequest
 uid 1 string o
 kind 2 meta/v1.GroupVersionKind o
 resource 3 meta/v1.GroupVersionResource o
 subResource 4 string ?
 requestKind 13 *meta/v1.GroupVersionKind ?
 requestResource 14 *meta/v1.GroupVersionResource ?
 requestSubResource 15 string ?
 name 5 string ?
 namespace 6 string ?
 operation 7 string o
 userInfo 8 authentication/v1.UserInfo o
 object 9 raw ?
 oldObject 10 raw ?
 dryRun 11 *bool ?
 options 12 raw ?
message AdmissionResponse
 uid 1 string o
 allowed 2 bool o
 status 3 *meta/v1.Status ?
 patch 4 bytes ?
 patchType 5 *string ?
 auditAnnotations 6 map:string ?
 warnings 7 []string ? list=atomic

package admission/v1beta1 admission.k8s.io v1beta1
kinds AdmissionReview
message AdmissionReview kind
 request 1 *AdmissionRequest ?
 response 2 *AdmissionResponse ?
message AdmissionRequest
 uid 1 string o
 kind 2 meta/v1.GroupVersionKind o
 resource 3 meta/v1.GroupVersionResource o
 subResource 4 string ?
 requestKind 13 *meta/v1.GroupVersionKind ?
 requestResource 14 *meta/v1.GroupVersionResource ?
 requestSubResource 15 string ?
 name 5 string ?
 namespace 6 string ?
 operation 7 string o
 userInfo 8 authentication/v1.UserInfo o
 object 9 raw ?
 oldObject 10 raw ?
 dryRun 11 *bool ?
 options 12 raw ?
message AdmissionResponse
 uid 1 string o
 allowed 2 bool o
 status 3 *meta/v1.Status ?
 patch 4 bytes ?
 patchType 5 *string ?
 auditAnnotations 6 map:string ?
 warnings 7 []string ? list=atomic

package admissionregistration/v1 admissionregistration.k8s.io v1
kinds ValidatingWebhookConfiguration ValidatingWebhookConfigurationList MutatingWebhookConfiguration MutatingWebhookConfigurationList ValidatingAdmissionPolicy ValidatingAdmissionPolicyList ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList MutatingAdmissionPolicy MutatingAdmissionPolicyList MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList
enum ScopeType * Cluster Namespaced
enum FailurePolicyType Fail Ignore
enum MatchPolicyType Equivalent Exact
enum SideEffectClass None NoneOnDryRun Some Unknown
enum ValidationAction Audit Deny Warn
enum PatchType ApplyConfiguration JSONPatch
enum ReinvocationPolicyType IfNeeded Never
enum OperationType * CONNECT CREATE DELETE UPDATE
message Rule
 apiGroups 1 []string ? list=atomic
 apiVersions 2 []string ? list=atomic
 resources 3 []string ? list=atomic
 scope 4 *string ? enum=ScopeType
message ValidatingAdmissionPolicy kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ValidatingAdmissionPolicySpec ?
 status 3 ValidatingAdmissionPolicyStatus ?
message ValidatingAdmissionPolicyStatus
 observedGeneration 1 int64 ?
 typeChecking 2 *TypeChecking ?
 conditions 3 []meta/v1.Condition ? list=map:type
message TypeChecking
 expressionWarnings 1 []ExpressionWarning ? list=atomic
message ExpressionWarning
 fieldRef 2 string
 warning 3 string
message ValidatingAdmissionPolicyList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ValidatingAdmissionPolicy
message ValidatingAdmissionPolicySpec
 paramKind 1 *ParamKind ?
 matchConstraints 2 *MatchResources ?
 validations 3 []Validation ? list=atomic
 failurePolicy 4 *string ? enum=FailurePolicyType
 auditAnnotations 5 []AuditAnnotation ? list=atomic
 matchConditions 6 []MatchCondition ? patch=merge:name list=map:name
 variables 7 []Variable ? patch=merge:name list=map:name
message ParamKind atomic
 apiVersion 1 string ?
 kind 2 string ?
message Validation
 expression 1 string
 message 2 string ?
 reason 3 *string ?
 messageExpression 4 string ?
message Variable atomic
 name 1 string
 expression 2 string
message AuditAnnotation
 key 1 string
 valueExpression 2 string
message ValidatingAdmissionPolicyBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ValidatingAdmissionPolicyBindingSpec ? r
message ValidatingAdmissionPolicyBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ValidatingAdmissionPolicyBinding
message ValidatingAdmissionPolicyBindingSpec
 policyName 1 string ? r
 paramRef 2 *ParamRef ?
 matchResources 3 *MatchResources ?
 validationActions 4 []string ? r list=set enum=ValidationAction
message ParamRef atomic
 name 1 string ?
 namespace 2 string ?
 selector 3 *meta/v1.LabelSelector ?
 parameterNotFoundAction 4 *string ?
message MatchResources atomic
 namespaceSelector 1 *meta/v1.LabelSelector ?
 objectSelector 2 *meta/v1.LabelSelector ?
 resourceRules 3 []NamedRuleWithOperations ? list=atomic
 excludeResourceRules 4 []NamedRuleWithOperations ? list=atomic
 matchPolicy 7 *string ? enum=MatchPolicyType
message NamedRuleWithOperations atomic
 resourceNames 1 []string ? list=atomic
 & 2 RuleWithOperations
message ValidatingWebhookConfiguration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 webhooks 2 []ValidatingWebhook ? patch=merge:name list=map:name
message ValidatingWebhookConfigurationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ValidatingWebhookConfiguration
message MutatingWebhookConfiguration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 webhooks 2 []MutatingWebhook ? patch=merge:name list=map:name
message MutatingWebhookConfigurationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []MutatingWebhookConfiguration
message ValidatingWebhook
 name 1 string
 clientConfig 2 WebhookClientConfig
 rules 3 []RuleWithOperations ? list=atomic
 failurePolicy 4 *string ? enum=FailurePolicyType
 matchPolicy 9 *string ? enum=MatchPolicyType
 namespaceSelector 5 *meta/v1.LabelSelector ?
 objectSelector 10 *meta/v1.LabelSelector ?
 sideEffects 6 *string enum=SideEffectClass
 timeoutSeconds 7 *int32 ?
 admissionReviewVersions 8 []string list=atomic
 matchConditions 11 []MatchCondition ? patch=merge:name list=map:name
message MutatingWebhook
 name 1 string
 clientConfig 2 WebhookClientConfig
 rules 3 []RuleWithOperations ? list=atomic
 failurePolicy 4 *string ? enum=FailurePolicyType
 matchPolicy 9 *string ? enum=MatchPolicyType
 namespaceSelector 5 *meta/v1.LabelSelector ?
 objectSelector 11 *meta/v1.LabelSelector ?
 sideEffects 6 *string enum=SideEffectClass
 timeoutSeconds 7 *int32 ?
 admissionReviewVersions 8 []string list=atomic
 reinvocationPolicy 10 *string ? enum=ReinvocationPolicyType
 matchConditions 12 []MatchCondition ? patch=merge:name list=map:name
message MutatingAdmissionPolicy kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 MutatingAdmissionPolicySpec ?
message MutatingAdmissionPolicyList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []MutatingAdmissionPolicy
message MutatingAdmissionPolicySpec
 paramKind 1 *ParamKind ?
 matchConstraints 2 *MatchResources ?
 variables 3 []Variable ? list=atomic
 mutations 4 []Mutation ? list=atomic
 failurePolicy 5 *string ? enum=FailurePolicyType
 matchConditions 6 []MatchCondition ? patch=merge:name list=map:name
 reinvocationPolicy 7 string ? enum=ReinvocationPolicyType
message Mutation
 patchType 2 string enum=PatchType
 applyConfiguration 3 *ApplyConfiguration ?
 jsonPatch 4 *JSONPatch ?
message ApplyConfiguration
 expression 1 string ?
message JSONPatch
 expression 1 string ?
message MutatingAdmissionPolicyBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 MutatingAdmissionPolicyBindingSpec ?
message MutatingAdmissionPolicyBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []MutatingAdmissionPolicyBinding
message MutatingAdmissionPolicyBindingSpec
 policyName 1 string ?
 paramRef 2 *ParamRef ?
 matchResources 3 *MatchResources ?
message RuleWithOperations
 operations 1 []string ? list=atomic enum=OperationType
 & 2 Rule
message WebhookClientConfig
 url 3 *string ?
 service 1 *ServiceReference ?
 caBundle 2 bytes ?
message ServiceReference
 namespace 1 string
 name 2 string
 path 3 *string ?
 port 4 *int32 ?
message MatchCondition
 name 1 string
 expression 2 string

package admissionregistration/v1alpha1 admissionregistration.k8s.io v1alpha1
kinds ValidatingAdmissionPolicy ValidatingAdmissionPolicyList ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList MutatingAdmissionPolicy MutatingAdmissionPolicyList MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList InitializerConfiguration InitializerConfigurationList
enum ParameterNotFoundActionType Allow Deny
enum FailurePolicyType Fail Ignore
enum MatchPolicyType Equivalent Exact
enum ValidationAction Audit Deny Warn
enum PatchType ApplyConfiguration JSONPatch
message Rule same=admissionregistration/v1.Rule
message ValidatingAdmissionPolicy kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ValidatingAdmissionPolicySpec ?
 status 3 ValidatingAdmissionPolicyStatus ?
message ValidatingAdmissionPolicyStatus
 observedGeneration 1 int64 ?
 typeChecking 2 *TypeChecking ?
 conditions 3 []meta/v1.Condition ? list=map:type
message TypeChecking
 expressionWarnings 1 []ExpressionWarning ? list=atomic
message ExpressionWarning
 fieldRef 2 string
 warning 3 string
message ValidatingAdmissionPolicyList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ValidatingAdmissionPolicy
message ValidatingAdmissionPolicySpec
 paramKind 1 *ParamKind ?
 matchConstraints 2 *MatchResources ?
 validations 3 []Validation ? list=atomic
 failurePolicy 4 *string ? enum=FailurePolicyType
 auditAnnotations 5 []AuditAnnotation ? list=atomic
 matchConditions 6 []MatchCondition ? patch=merge:name list=map:name
 variables 7 []Variable ? patch=merge:name list=map:name
message MatchCondition same=admissionregistration/v1.MatchCondition
message ParamKind atomic
 apiVersion 1 string ?
 kind 2 string ?
message Validation
 expression 1 string
 message 2 string ?
 reason 3 *string ?
 messageExpression 4 string ?
message Variable
 name 1 string
 expression 2 string
message AuditAnnotation
 key 1 string
 valueExpression 2 string
message ValidatingAdmissionPolicyBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ValidatingAdmissionPolicyBindingSpec ? r
message ValidatingAdmissionPolicyBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ValidatingAdmissionPolicyBinding
message ValidatingAdmissionPolicyBindingSpec
 policyName 1 string ? r
 paramRef 2 *ParamRef ?
 matchResources 3 *MatchResources ?
 validationActions 4 []string ? r list=set enum=ValidationAction
message ParamRef atomic
 name 1 string ?
 namespace 2 string ?
 selector 3 *meta/v1.LabelSelector ?
 parameterNotFoundAction 4 *string ? enum=ParameterNotFoundActionType
message MatchResources atomic
 namespaceSelector 1 *meta/v1.LabelSelector ?
 objectSelector 2 *meta/v1.LabelSelector ?
 resourceRules 3 []NamedRuleWithOperations ? list=atomic
 excludeResourceRules 4 []NamedRuleWithOperations ? list=atomic
 matchPolicy 7 *string ? enum=MatchPolicyType
message NamedRuleWithOperations atomic
 resourceNames 1 []string ? list=atomic
 & 2 RuleWithOperations
message RuleWithOperations same=admissionregistration/v1.RuleWithOperations
message MutatingAdmissionPolicy kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 MutatingAdmissionPolicySpec ?
message MutatingAdmissionPolicyList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []MutatingAdmissionPolicy
message MutatingAdmissionPolicySpec
 paramKind 1 *ParamKind ?
 matchConstraints 2 *MatchResources ?
 variables 3 []Variable ? list=atomic
 mutations 4 []Mutation ? list=atomic
 failurePolicy 5 *string ? enum=FailurePolicyType
 matchConditions 6 []MatchCondition ? patch=merge:name list=map:name
 reinvocationPolicy 7 string ?
message Mutation
 patchType 2 string enum=PatchType
 applyConfiguration 3 *ApplyConfiguration ?
 jsonPatch 4 *JSONPatch ?
message ApplyConfiguration
 expression 1 string ?
message JSONPatch
 expression 1 string ?
message MutatingAdmissionPolicyBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 MutatingAdmissionPolicyBindingSpec ?
message MutatingAdmissionPolicyBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []MutatingAdmissionPolicyBinding
message MutatingAdmissionPolicyBindingSpec
 policyName 1 string ?
 paramRef 2 *ParamRef ?
 matchResources 3 *MatchResources ?
message InitializerConfiguration kind cluster until=1.13
 metadata 1 meta/v1.ObjectMeta ?
 initializers 2 []Initializer ? patch=merge:name
message InitializerConfigurationList kind until=1.13
 metadata 1 meta/v1.ListMeta ?
 items 2 []InitializerConfiguration
message Initializer until=1.13
 name 1 string
 rules 2 []Rule ?

package admissionregistration/v1beta1 admissionregistration.k8s.io v1beta1
kinds ValidatingWebhookConfiguration ValidatingWebhookConfigurationList MutatingWebhookConfiguration MutatingWebhookConfigurationList ValidatingAdmissionPolicy ValidatingAdmissionPolicyList ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList MutatingAdmissionPolicy MutatingAdmissionPolicyList MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList
enum ValidationAction Audit Deny Warn
enum ReinvocationPolicyType IfNeeded Never
enum PatchType ApplyConfiguration JSONPatch
message Rule same=admissionregistration/v1.Rule
message ValidatingAdmissionPolicy kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ValidatingAdmissionPolicySpec ?
 status 3 ValidatingAdmissionPolicyStatus ?
message ValidatingAdmissionPolicyStatus
 observedGeneration 1 int64 ?
 typeChecking 2 *TypeChecking ?
 conditions 3 []meta/v1.Condition ? list=map:type
message TypeChecking
 expressionWarnings 1 []ExpressionWarning ? list=atomic
message ExpressionWarning
 fieldRef 2 string
 warning 3 string
message ValidatingAdmissionPolicyList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ValidatingAdmissionPolicy
message ValidatingAdmissionPolicySpec
 paramKind 1 *ParamKind ?
 matchConstraints 2 *MatchResources ?
 validations 3 []Validation ? list=atomic
 failurePolicy 4 *string ?
 auditAnnotations 5 []AuditAnnotation ? list=atomic
 matchConditions 6 []MatchCondition ? patch=merge:name list=map:name
 variables 7 []Variable ? patch=merge:name list=map:name
message ParamKind atomic
 apiVersion 1 string ?
 kind 2 string ?
message Validation
 expression 1 string
 message 2 string ?
 reason 3 *string ?
 messageExpression 4 string ?
message Variable atomic
 name 1 string
 expression 2 string
message AuditAnnotation
 key 1 string
 valueExpression 2 string
message ValidatingAdmissionPolicyBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ValidatingAdmissionPolicyBindingSpec ? r
message ValidatingAdmissionPolicyBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ValidatingAdmissionPolicyBinding
message ValidatingAdmissionPolicyBindingSpec
 policyName 1 string ? r
 paramRef 2 *ParamRef ?
 matchResources 3 *MatchResources ?
 validationActions 4 []string ? r list=set enum=ValidationAction
message ParamRef atomic
 name 1 string ?
 namespace 2 string ?
 selector 3 *meta/v1.LabelSelector ?
 parameterNotFoundAction 4 *string ?
message MatchResources atomic
 namespaceSelector 1 *meta/v1.LabelSelector ?
 objectSelector 2 *meta/v1.LabelSelector ?
 resourceRules 3 []NamedRuleWithOperations ? list=atomic
 excludeResourceRules 4 []NamedRuleWithOperations ? list=atomic
 matchPolicy 7 *string ?
message NamedRuleWithOperations atomic
 resourceNames 1 []string ? list=atomic
 & 2 RuleWithOperations
message ValidatingWebhookConfiguration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 webhooks 2 []ValidatingWebhook ? patch=merge:name list=map:name
message ValidatingWebhookConfigurationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []ValidatingWebhookConfiguration
message MutatingWebhookConfiguration kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 webhooks 2 []MutatingWebhook ? patch=merge:name list=map:name
message MutatingWebhookConfigurationList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []MutatingWebhookConfiguration
message ValidatingWebhook
 name 1 string
 clientConfig 2 WebhookClientConfig
 rules 3 []RuleWithOperations ? list=atomic
 failurePolicy 4 *string ?
 matchPolicy 9 *string ?
 namespaceSelector 5 *meta/v1.LabelSelector ?
 objectSelector 10 *meta/v1.LabelSelector ?
 sideEffects 6 *string ? list=atomic
 timeoutSeconds 7 *int32 ?
 admissionReviewVersions 8 []string ? list=atomic
 matchConditions 11 []MatchCondition ? patch=merge:name list=map:name
message MutatingWebhook
 name 1 string
 clientConfig 2 WebhookClientConfig
 rules 3 []RuleWithOperations ? list=atomic
 failurePolicy 4 *string ?
 matchPolicy 9 *string ?
 namespaceSelector 5 *meta/v1.LabelSelector ?
 objectSelector 11 *meta/v1.LabelSelector ?
 sideEffects 6 *string ?
 timeoutSeconds 7 *int32 ?
 admissionReviewVersions 8 []string ? list=atomic
 reinvocationPolicy 10 *string ? enum=ReinvocationPolicyType
 matchConditions 12 []MatchCondition ? patch=merge:name list=map:name
message RuleWithOperations same=admissionregistration/v1.RuleWithOperations
message WebhookClientConfig
 url 3 *string ?
 service 1 *ServiceReference ?
 caBundle 2 bytes ?
message ServiceReference
 namespace 1 string
 name 2 string
 path 3 *string ?
 port 4 *int32 ?
message MatchCondition
 name 1 string
 expression 2 string
message MutatingAdmissionPolicy kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 MutatingAdmissionPolicySpec ?
message MutatingAdmissionPolicyList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []MutatingAdmissionPolicy
message MutatingAdmissionPolicySpec
 paramKind 1 *ParamKind ?
 matchConstraints 2 *MatchResources ?
 variables 3 []Variable ? list=atomic
 mutations 4 []Mutation ? list=atomic
 failurePolicy 5 *string ?
 matchConditions 6 []MatchCondition ? patch=merge:name list=map:name
 reinvocationPolicy 7 string ? enum=ReinvocationPolicyType
message Mutation
 patchType 2 string enum=PatchType
 applyConfiguration 3 *ApplyConfiguration ?
 jsonPatch 4 *JSONPatch ?
message ApplyConfiguration
 expression 1 string ?
message JSONPatch
 expression 1 string ?
message MutatingAdmissionPolicyBinding kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 MutatingAdmissionPolicyBindingSpec ?
message MutatingAdmissionPolicyBindingList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []MutatingAdmissionPolicyBinding
message MutatingAdmissionPolicyBindingSpec
 policyName 1 string ?
 paramRef 2 *ParamRef ?
 matchResources 3 *MatchResources ?
message Webhook until=1.14
 name 1 string
 clientConfig 2 WebhookClientConfig
 rules 3 []RuleWithOperations ?
 failurePolicy 4 *string ?
 namespaceSelector 5 *meta/v1.LabelSelector ?
 sideEffects 6 *string ?
 timeoutSeconds 7 *int32 ?
 admissionReviewVersions 8 []string ?

package imagepolicy/v1alpha1 imagepolicy.k8s.io v1alpha1
kinds ImageReview
message ImageReview kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 ImageReviewSpec o
 status 3 ImageReviewStatus ?
message ImageReviewSpec
 containers 1 []ImageReviewContainerSpec ? list=atomic
 annotations 2 map:string ?
 namespace 3 string ?
message ImageReviewContainerSpec
 image 1 string ?
message ImageReviewStatus
 allowed 1 bool o
 reason 2 string ?
 auditAnnotations 3 map:string ?
`;
