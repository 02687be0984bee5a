/**
 * Facts of Kubernetes' API types (extending); made by `npm run kubernetes:table`, not by hand.
 */
export const extending: string = `
package apidiscovery/v2 apidiscovery.k8s.io v2
kinds APIGroupDiscoveryList APIGroupDiscovery
message APIGroupDiscoveryList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []APIGroupDiscovery
message APIGroupDiscovery kind
 metadata 1 meta/v1.ObjectMeta ?
 versions 2 []APIVersionDiscovery ? list=map:version
message APIVersionDiscovery
 version 1 string
 resources 2 []APIResourceDiscovery ? list=map:resource
 freshness 3 string ?
message APIResourceDiscovery
 resource 1 string
 responseKind 2 *meta/v1.GroupVersionKind ?
 scope 3 string
 singularResource 4 string
 verbs 5 []string list=set
 shortNames 6 []string ? list=set
 categories 7 []string ? list=set
 subresources 8 []APISubresourceDiscovery ? list=map:subresource
message APISubresourceDiscovery
 subresource 1 string
 responseKind 2 *meta/v1.GroupVersionKind ?
 acceptedTypes 3 []meta/v1.GroupVersionKind ? list=map:group,version,kind
 verbs 4 []string list=set

package apidiscovery/v2beta1 apidiscovery.k8s.io v2beta1
kinds APIGroupDiscoveryList APIGroupDiscovery
message APIGroupDiscoveryList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []APIGroupDiscovery
message APIGroupDiscovery kind
 metadata 1 meta/v1.ObjectMeta ?
 versions 2 []APIVersionDiscovery ? list=map:version
message APIVersionDiscovery
 version 1 string
 resources 2 []APIResourceDiscovery ? list=map:resource
 freshness 3 string ?
message APIResourceDiscovery
 resource 1 string
 responseKind 2 *meta/v1.GroupVersionKind ?
 scope 3 string
 singularResource 4 string
 verbs 5 []string list=set
 shortNames 6 []string ? list=set
 categories 7 []string ? list=set
 subresources 8 []APISubresourceDiscovery ? list=map:subresource
message APISubresourceDiscovery
 subresource 1 string
 responseKind 2 *meta/v1.GroupVersionKind ?
 acceptedTypes 3 []meta/v1.GroupVersionKind ? list=map:group,version,kind
 verbs 4 []string list=set

package apiextensions/v1 apiextensions.k8s.io v1
kinds CustomResourceDefinition CustomResourceDefinitionList ConversionReview
enum FieldValueErrorReason FieldValueDuplicate FieldValueForbidden FieldValueInvalid FieldValueRequired
message CustomResourceDefinitionSpec
 group 1 string
 names 3 CustomResourceDefinitionNames
 scope 4 string
 versions 7 []CustomResourceDefinitionVersion list=atomic
 conversion 9 *CustomResourceConversion ?
 preserveUnknownFields 10 bool ?
message CustomResourceConversion
 strategy 1 string
 webhook 2 *WebhookConversion ?
message WebhookConversion
 clientConfig 2 *WebhookClientConfig ?
 conversionReviewVersions 3 []string list=atomic
message WebhookClientConfig
 url 3 *string ?
 service 1 *ServiceReference ?
 caBundle 2 bytes ?
message ServiceReference
 namespace 1 string
 name 2 string
 path 3 *string ?
 port 4 *int32 ?
message CustomResourceDefinitionVersion
 name 1 string
 served 2 bool
 storage 3 bool
 deprecated 7 bool ?
 deprecationWarning 8 *string ?
 schema 4 *CustomResourceValidation ?
 subresources 5 *CustomResourceSubresources ?
 additionalPrinterColumns 6 []CustomResourceColumnDefinition ? list=atomic
 selectableFields 9 []SelectableField ? list=atomic
message SelectableField
 jsonPath 1 string
message CustomResourceColumnDefinition
 name 1 string
 type 2 string
 format 3 string ?
 description 4 string ?
 priority 5 int32 ?
 jsonPath 6 string
message CustomResourceDefinitionNames
 plural 1 string
 singular 2 string ?
 shortNames 3 []string ? list=atomic
 kind 4 string
 listKind 5 string ?
 categories 6 []string ? list=atomic
message CustomResourceDefinitionCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
 observedGeneration 6 int64 ?
message CustomResourceDefinitionStatus
 conditions 1 []CustomResourceDefinitionCondition o list=map:type
 acceptedNames 2 CustomResourceDefinitionNames o
 storedVersions 3 []string o list=atomic
 observedGeneration 4 int64 ?
message CustomResourceDefinition kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CustomResourceDefinitionSpec
 status 3 CustomResourceDefinitionStatus ?
message CustomResourceDefinitionList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CustomResourceDefinition
message CustomResourceValidation
 openAPIV3Schema 1 *JSONSchemaProps ?
message CustomResourceSubresources
 status 1 *CustomResourceSubresourceStatus ?
 scale 2 *CustomResourceSubresourceScale ?
message CustomResourceSubresourceStatus
message CustomResourceSubresourceScale
 specReplicasPath 1 string
 statusReplicasPath 2 string
 labelSelectorPath 3 *string ?
message ConversionReview kind
 request 1 *ConversionRequest ?
 response 2 *ConversionResponse ?
message ConversionRequest
 uid 1 string
 desiredAPIVersion 2 string
 objects 3 []raw list=atomic
message ConversionResponse
 uid 1 string
 convertedObjects 2 []raw list=atomic
 result 3 meta/v1.Status
message JSONSchemaProps
 id 1 string ?
 $schema 2 string ?
 $ref 3 *string ?
 description 4 string ?
 type 5 string ?
 format 6 string ?
 title 7 string ?
 default 8 *JSON ?
 maximum 9 *double ?
 exclusiveMaximum 10 bool ?
 minimum 11 *double ?
 exclusiveMinimum 12 bool ?
 maxLength 13 *int64 ?
 minLength 14 *int64 ?
 pattern 15 string ?
 maxItems 16 *int64 ?
 minItems 17 *int64 ?
 uniqueItems 18 bool ?
 multipleOf 19 *double ?
 enum 20 []JSON ? list=atomic
 maxProperties 21 *int64 ?
 minProperties 22 *int64 ?
 required 23 []string ? list=atomic
 items 24 *JSONSchemaPropsOrArray ?
 allOf 25 []JSONSchemaProps ? list=atomic
 oneOf 26 []JSONSchemaProps ? list=atomic
 anyOf 27 []JSONSchemaProps ? list=atomic
 not 28 *JSONSchemaProps ?
 properties 29 map:JSONSchemaProps ?
 additionalProperties 30 *JSONSchemaPropsOrBool ?
 patternProperties 31 map:JSONSchemaProps ?
 dependencies 32 map:JSONSchemaPropsOrStringArray ?
 additionalItems 33 *JSONSchemaPropsOrBool ?
 definitions 34 map:JSONSchemaProps ?
 externalDocs 35 *ExternalDocumentation ?
 example 36 *JSON ?
 nullable 37 bool ?
 x-kubernetes-preserve-unknown-fields 38 *bool ?
 x-kubernetes-embedded-resource 39 bool ?
 x-kubernetes-int-or-string 40 bool ?
 x-kubernetes-list-map-keys 41 []string ? list=atomic
 x-kubernetes-list-type 42 *string ?
 x-kubernetes-map-type 43 *string ?
 x-kubernetes-validations 44 []ValidationRule ? patch=merge:rule list=map:rule
message ValidationRule
 rule 1 string
 message 2 string ?
 messageExpression 3 string ?
 reason 4 *string ? enum=FieldValueErrorReason
 fieldPath 5 string ?
 optionalOldSelf 6 *bool ?
message JSON form=json
 raw 1 bytes
message JSONSchemaPropsOrArray form=schema-or-array
 schema 1 *JSONSchemaProps
 jSONSchemas 2 []JSONSchemaProps list=atomic
message JSONSchemaPropsOrBool form=schema-or-bool
 allows 1 bool
 schema 2 *JSONSchemaProps
message JSONSchemaPropsOrStringArray form=schema-or-strings
 schema 1 *JSONSchemaProps
 property 2 []string list=atomic
message ExternalDocumentation
 description 1 string ?
 url 2 string ?

package apiextensions/v1beta1 apiextensions.k8s.io v1beta1
kinds CustomResourceDefinition CustomResourceDefinitionList ConversionReview
enum FieldValueErrorReason FieldValueDuplicate FieldValueForbidden FieldValueInvalid FieldValueRequired
message CustomResourceDefinitionSpec
 group 1 string
 version 2 string ?
 names 3 CustomResourceDefinitionNames
 scope 4 string
 validation 5 *CustomResourceValidation ?
 subresources 6 *CustomResourceSubresources ?
 versions 7 []CustomResourceDefinitionVersion ? list=atomic
 additionalPrinterColumns 8 []CustomResourceColumnDefinition ? list=atomic
 selectableFields 11 []SelectableField ? list=atomic
 conversion 9 *CustomResourceConversion ?
 preserveUnknownFields 10 *bool ?
message CustomResourceConversion
 strategy 1 string
 webhookClientConfig 2 *WebhookClientConfig ?
 conversionReviewVersions 3 []string ? list=atomic
message WebhookClientConfig
 url 3 *string ?
 service 1 *ServiceReference ?
 caBundle 2 bytes ?
message ServiceReference
 namespace 1 string
 name 2 string
 path 3 *string ?
 port 4 *int32 ?
message CustomResourceDefinitionVersion
 name 1 string
 served 2 bool
 storage 3 bool
 deprecated 7 bool ?
 deprecationWarning 8 *string ?
 schema 4 *CustomResourceValidation ?
 subresources 5 *CustomResourceSubresources ?
 additionalPrinterColumns 6 []CustomResourceColumnDefinition ? list=atomic
 selectableFields 9 []SelectableField ? list=atomic
message SelectableField
 jsonPath 1 string
message CustomResourceColumnDefinition
 name 1 string
 type 2 string
 format 3 string ?
 description 4 string ?
 priority 5 int32 ?
 JSONPath 6 string
message CustomResourceDefinitionNames
 plural 1 string
 singular 2 string ?
 shortNames 3 []string ? list=atomic
 kind 4 string
 listKind 5 string ?
 categories 6 []string ? list=atomic
message CustomResourceDefinitionCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
 observedGeneration 6 int64 ?
message CustomResourceDefinitionStatus
 conditions 1 []CustomResourceDefinitionCondition o list=map:type
 acceptedNames 2 CustomResourceDefinitionNames o
 storedVersions 3 []string o list=atomic
 observedGeneration 4 int64 ?
message CustomResourceDefinition kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 CustomResourceDefinitionSpec
 status 3 CustomResourceDefinitionStatus ?
message CustomResourceDefinitionList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []CustomResourceDefinition
message CustomResourceValidation
 openAPIV3Schema 1 *JSONSchemaProps ?
message CustomResourceSubresources
 status 1 *CustomResourceSubresourceStatus ?
 scale 2 *CustomResourceSubresourceScale ?
message CustomResourceSubresourceStatus
message CustomResourceSubresourceScale
 specReplicasPath 1 string
 statusReplicasPath 2 string
 labelSelectorPath 3 *string ?
message ConversionReview kind
 request 1 *ConversionRequest ?
 response 2 *ConversionResponse ?
message ConversionRequest
 uid 1 string
 desiredAPIVersion 2 string
 objects 3 []raw list=atomic
message ConversionResponse
 uid 1 string
 convertedObjects 2 []raw list=atomic
 result 3 meta/v1.Status
message JSONSchemaProps
 id 1 string ?
 $schema 2 string ?
 $ref 3 *string ?
 description 4 string ?
 type 5 string ?
 format 6 string ?
 title 7 string ?
 default 8 *JSON ?
 maximum 9 *double ?
 exclusiveMaximum 10 bool ?
 minimum 11 *double ?
 exclusiveMinimum 12 bool ?
 maxLength 13 *int64 ?
 minLength 14 *int64 ?
 pattern 15 string ?
 maxItems 16 *int64 ?
 minItems 17 *int64 ?
 uniqueItems 18 bool ?
 multipleOf 19 *double ?
 enum 20 []JSON ? list=atomic
 maxProperties 21 *int64 ?
 minProperties 22 *int64 ?
 required 23 []string ? list=atomic
 items 24 *JSONSchemaPropsOrArray ?
 allOf 25 []JSONSchemaProps ? list=atomic
 oneOf 26 []JSONSchemaProps ? list=atomic
 anyOf 27 []JSONSchemaProps ? list=atomic
 not 28 *JSONSchemaProps ?
 properties 29 map:JSONSchemaProps ?
 additionalProperties 30 *JSONSchemaPropsOrBool ?
 patternProperties 31 map:JSONSchemaProps ?
 dependencies 32 map:JSONSchemaPropsOrStringArray ?
 additionalItems 33 *JSONSchemaPropsOrBool ?
 definitions 34 map:JSONSchemaProps ?
 externalDocs 35 *ExternalDocumentation ?
 example 36 *JSON ?
 nullable 37 bool ?
 x-kubernetes-preserve-unknown-fields 38 *bool ?
 x-kubernetes-embedded-resource 39 bool ?
 x-kubernetes-int-or-string 40 bool ?
 x-kubernetes-list-map-keys 41 []string ? list=atomic
 x-kubernetes-list-type 42 *string ?
 x-kubernetes-map-type 43 *string ?
 x-kubernetes-validations 44 []ValidationRule ? patch=merge:rule list=map:rule
message ValidationRule
 rule 1 string
 message 2 string ?
 messageExpression 3 string ?
 reason 4 *string ? enum=FieldValueErrorReason
 fieldPath 5 string ?
 optionalOldSelf 6 *bool ?
message JSON form=json
 raw 1 bytes
message JSONSchemaPropsOrArray form=schema-or-array
 schema 1 *JSONSchemaProps
 jSONSchemas 2 []JSONSchemaProps list=atomic
message JSONSchemaPropsOrBool form=schema-or-bool
 allows 1 bool
 schema 2 *JSONSchemaProps
message JSONSchemaPropsOrStringArray form=schema-or-strings
 schema 1 *JSONSchemaProps
 property 2 []string list=atomic
message ExternalDocumentation
 description 1 string ?
 url 2 string ?

package apiregistration/v1 apiregistration.k8s.io v1
kinds APIService APIServiceList
message APIServiceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []APIService
message ServiceReference
 namespace 1 string ?
 name 2 string ?
 port 3 *int32 ?
message APIServiceSpec
 service 1 *ServiceReference ?
 group 2 string ?
 version 3 string ?
 insecureSkipTLSVerify 4 bool ?
 caBundle 5 bytes ? list=atomic
 groupPriorityMinimum 7 int32
 versionPriority 8 int32
message APIServiceCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message APIServiceStatus
 conditions 1 []APIServiceCondition ? patch=merge:type list=map:type
message APIService kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 APIServiceSpec ?
 status 3 APIServiceStatus ?

package apiregistration/v1beta1 apiregistration.k8s.io v1beta1
kinds APIService APIServiceList
message APIServiceList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []APIService
message ServiceReference
 namespace 1 string ?
 name 2 string ?
 port 3 *int32 ?
message APIServiceSpec
 service 1 *ServiceReference ?
 group 2 string ?
 version 3 string ?
 insecureSkipTLSVerify 4 bool ?
 caBundle 5 bytes ? list=atomic
 groupPriorityMinimum 7 int32
 versionPriority 8 int32
message APIServiceCondition
 type 1 string
 status 2 string
 lastTransitionTime 3 time ?
 reason 4 string ?
 message 5 string ?
message APIServiceStatus
 conditions 1 []APIServiceCondition ? patch=merge:type list=map:type
message APIService kind cluster
 metadata 1 meta/v1.ObjectMeta ?
 spec 2 APIServiceSpec ?
 status 3 APIServiceStatus ?

package apiserverinternal/v1alpha1 internal.apiserver.k8s.io v1alpha1
kinds StorageVersion StorageVersionList
message StorageVersion kind cluster
 metadata 1 meta/v1.ObjectMeta ? r
 spec 2 StorageVersionSpec o
 status 3 StorageVersionStatus o
message StorageVersionSpec
message StorageVersionStatus
 storageVersions 1 []ServerStorageVersion ? list=map:apiServerID
 commonEncodingVersion 2 *string ?
 conditions 3 []StorageVersionCondition ? list=map:type
message ServerStorageVersion
 apiServerID 1 string ? r
 encodingVersion 2 string ? r
 decodableVersions 3 []string ? r list=set
 servedVersions 4 []string ? list=set
message StorageVersionCondition
 type 1 string r
 status 2 string r
 observedGeneration 3 int64 ?
 lastTransitionTime 4 time ?
 reason 5 string r
 message 6 string ? r
message StorageVersionList kind
 metadata 1 meta/v1.ListMeta ?
 items 2 []StorageVersion
`;
