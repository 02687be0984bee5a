/**
 * The stored built-in kinds of Kubernetes 1.16 to 1.36, one line per kind.
 *
 * Sources: the API types and their lifecycle tags in golang-k8s-api-dev 0.36; kubernetes 1.20.2 (registry strategies,
 * name validation, default_storage_factory_builder.go); test/integration/etcd/data.go of 1.20 and 1.36, which names the
 * key and the stored version of each. Kinds that only answer requests (reviews, bindings, component statuses) are not
 * stored.
 *
 *   kind  plural  [cluster]  version@minor,…  [word=value…]  [status]  [scale]
 *
 *   version@minor  newest first, with the release 1.minor that brought it; one of another group has the group before it
 *   held=…         the version that is stored up to and including a release, where the rule (storage-version.ts) says another
 *   removed=…      minor of the first release without the kind
 *   path=…         its path under the prefix, where that is not the plural: built-in groups have no segment of their own
 *   short, in, names, ttl   short names, categories, name rule (default subdomain), seconds to live
 */

/** Newest release in the table, as 1.minor. */
export const newestMinor = 36;
/** Oldest release whose stored versions the table has. */
export const oldestMinor = 16;

/** By group; "" is the core group. */
export const builtinRows: Readonly<Record<string, readonly string[]>> = {
  // Events are stored here as v1, whichever of their two groups a client uses. Their ttl: kube-apiserver's --event-ttl.
  "": [
    "Namespace             namespaces             cluster v1@0 short=ns names=label status",
    "Node                  nodes                  cluster v1@0 path=minions short=no status",
    "Pod                   pods                           v1@0 short=po in=all status",
    "Service               services                       v1@0 path=services/specs short=svc in=all names=label status",
    "Endpoints             endpoints                      v1@0 path=services/endpoints short=ep",
    "ConfigMap             configmaps                     v1@2 short=cm",
    "Secret                secrets                        v1@0",
    "ServiceAccount        serviceaccounts                v1@0 short=sa",
    "PersistentVolume      persistentvolumes      cluster v1@0 short=pv status",
    "PersistentVolumeClaim persistentvolumeclaims         v1@0 short=pvc status",
    "ReplicationController replicationcontrollers         v1@0 path=controllers short=rc in=all status scale",
    "PodTemplate           podtemplates                   v1@0",
    "LimitRange            limitranges                    v1@0 short=limits",
    "ResourceQuota         resourcequotas                 v1@0 short=quota status",
    "Event                 events                         v1@0 short=ev ttl=3600",
  ],
  apps: [
    "Deployment         deployments                 v1@9,v1beta2@8,v1beta1@6,extensions/v1beta1@1 short=deploy in=all status scale",
    "ReplicaSet         replicasets                 v1@9,v1beta2@8,extensions/v1beta1@2 short=rs in=all status scale",
    "StatefulSet        statefulsets                v1@9,v1beta2@8,v1beta1@5 short=sts in=all status scale",
    "DaemonSet          daemonsets                  v1@9,v1beta2@8,extensions/v1beta1@1 short=ds in=all status",
    "ControllerRevision controllerrevisions         v1@9,v1beta2@8,v1beta1@7",
  ],
  batch: [
    "Job     jobs             v1@2 in=all status",
    "CronJob cronjobs         v1@21,v1beta1@8 short=cj in=all status",
  ],
  autoscaling: [
    "HorizontalPodAutoscaler horizontalpodautoscalers         v2@23,v1@2 short=hpa in=all status",
  ],
  "networking.k8s.io": [
    "Ingress       ingresses               v1@19,v1beta1@14,extensions/v1beta1@1 held=v1beta1@20 path=ingress short=ing status",
    "IngressClass  ingressclasses  cluster v1@19,v1beta1@18 held=v1beta1@20",
    "NetworkPolicy networkpolicies         v1@7,extensions/v1beta1@3 short=netpol",
    "IPAddress     ipaddresses     cluster v1@33,v1beta1@31 short=ip names=segment",
    "ServiceCIDR   servicecidrs    cluster v1@33,v1beta1@31 status",
  ],
  policy: [
    "PodDisruptionBudget poddisruptionbudgets         v1@21,v1beta1@5 short=pdb names=segment status",
    "PodSecurityPolicy   podsecuritypolicies  cluster v1beta1@10,extensions/v1beta1@2 removed=25 path=podsecuritypolicy short=psp",
  ],
  "rbac.authorization.k8s.io": [
    "Role               roles                       v1@8,v1beta1@6,v1alpha1@6 names=segment",
    "RoleBinding        rolebindings                v1@8,v1beta1@6,v1alpha1@6 names=segment",
    "ClusterRole        clusterroles        cluster v1@8,v1beta1@6,v1alpha1@6 names=segment",
    "ClusterRoleBinding clusterrolebindings cluster v1@8,v1beta1@6,v1alpha1@6 names=segment",
  ],
  "storage.k8s.io": [
    "StorageClass          storageclasses          cluster v1@6,v1beta1@4 short=sc",
    "VolumeAttachment      volumeattachments       cluster v1@13,v1beta1@10,v1alpha1@9 status",
    "CSIDriver             csidrivers              cluster v1@18,v1beta1@14 held=v1beta1@20",
    "CSINode               csinodes                cluster v1@17,v1beta1@14",
    "CSIStorageCapacity    csistoragecapacities            v1@24,v1beta1@21,v1alpha1@19",
    "VolumeAttributesClass volumeattributesclasses cluster v1@34,v1beta1@31,v1alpha1@29 short=vac",
  ],
  "storagemigration.k8s.io": ["StorageVersionMigration storageversionmigrations cluster v1beta1@35 status"],
  "coordination.k8s.io": [
    "Lease          leases                  v1@14,v1beta1@12 held=v1beta1@20",
    "LeaseCandidate leasecandidates         v1beta1@33,v1alpha2@32",
  ],
  "discovery.k8s.io": ["EndpointSlice endpointslices         v1@21,v1beta1@16"],
  "scheduling.k8s.io": [
    "PriorityClass priorityclasses cluster v1@14,v1beta1@11 short=pc",
    "Workload      workloads               v1alpha2@36",
    "PodGroup      podgroups               v1alpha2@36 status",
  ],
  "node.k8s.io": ["RuntimeClass runtimeclasses cluster v1@20,v1beta1@13,v1alpha1@12"],
  "certificates.k8s.io": [
    "CertificateSigningRequest certificatesigningrequests cluster v1@19,v1beta1@12 held=v1beta1@20 short=csr names=segment status",
    "ClusterTrustBundle        clustertrustbundles        cluster v1beta1@33,v1alpha1@26 names=segment",
    "PodCertificateRequest     podcertificaterequests             v1beta1@35 status",
  ],
  "flowcontrol.apiserver.k8s.io": [
    "FlowSchema                 flowschemas                 cluster v1@29,v1beta3@26,v1beta2@23,v1beta1@20 held=v1beta1@20 status",
    "PriorityLevelConfiguration prioritylevelconfigurations cluster v1@29,v1beta3@26,v1beta2@23,v1beta1@20 held=v1beta1@20 status",
  ],
  "internal.apiserver.k8s.io": ["StorageVersion storageversions cluster v1alpha1@20 status"],
  "admissionregistration.k8s.io": [
    "ValidatingWebhookConfiguration   validatingwebhookconfigurations   cluster v1@16,v1beta1@9 held=v1beta1@20 in=api-extensions",
    "MutatingWebhookConfiguration     mutatingwebhookconfigurations     cluster v1@16,v1beta1@9 held=v1beta1@20 in=api-extensions",
    "ValidatingAdmissionPolicy        validatingadmissionpolicies       cluster v1@30,v1beta1@28,v1alpha1@26 in=api-extensions status",
    "ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings cluster v1@30,v1beta1@28,v1alpha1@26 in=api-extensions",
    "MutatingAdmissionPolicy          mutatingadmissionpolicies         cluster v1@36,v1beta1@34,v1alpha1@32 in=api-extensions",
    "MutatingAdmissionPolicyBinding   mutatingadmissionpolicybindings   cluster v1@36,v1beta1@34,v1alpha1@32 in=api-extensions",
  ],
  "resource.k8s.io": [
    "DeviceClass               deviceclasses              cluster v1@34,v1beta2@33,v1beta1@32",
    "ResourceClaim             resourceclaims                     v1@34,v1beta2@33,v1beta1@32 status",
    "ResourceClaimTemplate     resourceclaimtemplates             v1@34,v1beta2@33,v1beta1@32",
    "ResourceSlice             resourceslices             cluster v1@34,v1beta2@33,v1beta1@32",
    "DeviceTaintRule           devicetaintrules           cluster v1beta2@36,v1alpha3@33 status",
    "ResourcePoolStatusRequest resourcepoolstatusrequests cluster v1alpha3@36 status",
  ],
  // Other API servers inside kube-apiserver keep these two: their groups are part of the key. CRDs are v1beta1 in etcd to this day.
  "apiextensions.k8s.io": [
    "CustomResourceDefinition customresourcedefinitions cluster v1@16,v1beta1@7 held=v1beta1@36 path=apiextensions.k8s.io/customresourcedefinitions short=crd,crds in=api-extensions status",
  ],
  "apiregistration.k8s.io": [
    "APIService apiservices cluster v1@10,v1beta1@7 held=v1beta1@20 path=apiregistration.k8s.io/apiservices in=api-extensions names=segment status",
  ],
};
