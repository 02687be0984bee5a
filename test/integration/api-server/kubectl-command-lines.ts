/**
 * kubectl's command lines against the example API server, in order: each finds what the ones before have left. What is not a
 * plain success says so: a refusal that is right, what a server without nodes cannot do, what an older kubectl does not know.
 */
export interface KubectlLine {
  readonly line: string;
  /** It fails, and should: what it says. */
  readonly refused?: RegExp;
  /** It fails because there is no node, no container or no metrics server: what it says. */
  readonly notServed?: RegExp;
  /** Why it is refused or not served. */
  readonly why?: string;
  /** Versions of kubectl (1.minor, up to and including) that do not know it, and what they say. */
  readonly unknownUpTo?: readonly [minor: number, says: RegExp];
}

const ok = (line: string): KubectlLine => ({ line });
const refused = (line: string, refused: RegExp, why: string): KubectlLine => ({ line, refused, why });
const notServed = (line: string, notServed: RegExp, why: string): KubectlLine => ({ line, notServed, why });
const since = (minor: number, line: string, says: RegExp): KubectlLine => ({
  line,
  unknownUpTo: [minor - 1, says],
});

export const kubectlLines: readonly KubectlLine[] = [
  // Discovery.
  ok("kubectl version"),
  ok("kubectl api-resources"),
  ok("kubectl api-versions"),
  ok("kubectl cluster-info"),
  ok("kubectl create -f pod.yaml"),
  // Creating.
  refused("kubectl create -f pod.yaml --validate=false", /"nginx" already exists/, "it exists already"),
  ok("kubectl get pods"),
  ok("kubectl get pods -o wide"),
  ok("kubectl get pods -o yaml"),
  ok("kubectl get pods -o json | head -5"),
  ok("kubectl get pod nginx -o name"),
  ok("kubectl get pod nginx -o jsonpath='{.metadata.uid}{\"\\n\"}'"),
  ok("kubectl get pod nginx -o custom-columns=N:.metadata.name,RV:.metadata.resourceVersion"),
  ok("kubectl get pods --show-labels"),
  ok("kubectl get pods -A"),
  ok("kubectl get rc"),
  ok("kubectl get services"),
  ok("kubectl get secret"),
  ok("kubectl get nodes"),
  ok("kubectl get pods -l app=nginx"),
  ok("kubectl get pods -l 'app in (nginx,x),env!=test'"),
  ok("kubectl describe pod nginx"),
  ok("kubectl describe pods"),
  ok("kubectl create -f labels.yaml --validate=false"),
  ok("kubectl create -f rc.yaml --validate=false"),
  ok("kubectl create -f services.yaml --validate=false"),
  ok("kubectl create -f secrets.yaml --validate=false"),
  ok("kubectl create configmap cm1 --from-literal=a=1"),
  ok("kubectl create secret generic s1 --from-literal=a=1"),
  ok("kubectl create deployment d1 --image=nginx"),
  ok("kubectl create namespace team-a"),
  ok("kubectl run r1 --image=nginx"),
  ok("kubectl create -f cm-generate.yaml --validate=false"),
  // Applying.
  ok("kubectl apply -f cm.yaml"),
  ok("kubectl apply -f cm.yaml --validate=false"),
  ok("kubectl apply -f cm.yaml --validate=false"),
  ok("kubectl apply -f cm2.yaml --validate=false"),
  ok("kubectl get cm settings -o jsonpath='{.data}{\"\\n\"}'"),
  ok("kubectl apply -f deploy.yaml --validate=false"),
  ok("kubectl apply -f deploy2.yaml --validate=false"),
  ok("kubectl get deploy web -o jsonpath='{.spec.template.spec.containers}{\"\\n\"}'"),
  refused(
    "kubectl apply --server-side -f cm.yaml --validate=false",
    /Apply failed with 1 conflict: conflict with "kubectl-client-side-apply".*: \.data\.colour/s,
    "the earlier client-side apply manages the colour",
  ),
  ok("kubectl apply --server-side -f deploy.yaml --validate=false --force-conflicts"),
  refused(
    "kubectl diff -f cm.yaml",
    /resourceVersion/,
    "there is a difference, which diff reports by its exit code",
  ),
  ok("kubectl replace -f cm.yaml --validate=false"),
  ok("kubectl replace --force -f cm.yaml --validate=false"),
  // Workloads.
  ok("kubectl scale deployment web --replicas=5"),
  ok("kubectl scale rc nginx-controller --replicas=3"),
  ok("kubectl autoscale deployment web --max=3"),
  ok("kubectl set image deployment/web web=nginx:1.27"),
  ok("kubectl set env deployment/web B=2"),
  refused(
    "kubectl rollout status deployment/web --timeout=3s",
    /timed out waiting for the condition/,
    "no controller creates the pods",
  ),
  ok("kubectl rollout history deployment/web"),
  refused(
    "kubectl rollout undo deployment/web",
    /no rollout history found for deployment "web"/,
    "there is one revision",
  ),
  ok("kubectl rollout restart deployment/web"),
  // Labels and patches.
  ok("kubectl label pod nginx tier=front"),
  refused(
    "kubectl label pod nginx tier=back",
    /'tier' already has a value \(front\), and --overwrite is false/,
    "kubectl needs --overwrite",
  ),
  ok("kubectl label pod nginx tier=back --overwrite"),
  ok("kubectl label pod nginx tier-"),
  ok('kubectl annotate pod nginx note="hello"'),
  ok("kubectl annotate pod nginx note-"),
  ok('kubectl patch pod nginx -p \'{"metadata":{"labels":{"a":"1"}}}\''),
  ok('kubectl patch pod nginx -p \'{"spec":{"containers":[{"name":"nginx","image":"nginx:1.8"}]}}\''),
  ok('kubectl patch pod nginx --type=merge -p \'{"metadata":{"labels":{"a":"2"}}}\''),
  ok('kubectl patch pod nginx --type=json -p \'[{"op":"replace","path":"/metadata/labels/a","value":"3"}]\''),
  ok("kubectl edit pod nginx"),
  ok("kubectl edit pod nginx --validate=false"),
  ok("kubectl get pod nginx --show-labels"),
  // Lists and watches.
  ok("kubectl create -f many.yaml --validate=false"),
  ok("kubectl get pods --chunk-size=2"),
  ok("kubectl get pods --field-selector spec.nodeName=node-1"),
  ok("kubectl get pods --field-selector metadata.name=p1"),
  ok("kubectl get pods --field-selector status.phase!=Running"),
  ok("kubectl get pods --sort-by=.metadata.name"),
  ok("timeout -s INT 4 kubectl get pods -w & sleep 1.5; kubectl label pod p1 w=1 >/dev/null; wait"),
  ok(
    "timeout -s INT 4 kubectl get pods --watch-only & sleep 1.5; kubectl label pod p1 w=2 --overwrite >/dev/null; wait",
  ),
  ok(
    "timeout -s INT 4 kubectl get pods -w --output-watch-events -l app=many & sleep 1.5; kubectl label pod p1 w=3 --overwrite >/dev/null; wait",
  ),
  ok(
    "timeout -s INT 4 kubectl get pods -w -o json --output-watch-events --watch-only | head -3 & sleep 1.5; kubectl label pod p1 w=4 --overwrite >/dev/null; wait",
  ),
  ok("kubectl wait --for=delete pod/p5 --timeout=15s & sleep 1; kubectl delete pod p5 --wait=false; wait $!"),
  refused(
    "kubectl wait --for=condition=Ready pod/p1 --timeout=2s",
    /timed out waiting for the condition/,
    "nothing runs the pod",
  ),
  since(
    23,
    "kubectl wait --for=jsonpath='{.metadata.labels.w}'=4 pod/p1 --timeout=2s",
    /unrecognized condition/,
  ),
  // Looking.
  ok("kubectl get all"),
  ok("kubectl explain pods"),
  ok("kubectl explain pods.spec.containers"),
  ok("kubectl get events"),
  since(26, "kubectl events", /unknown command "events"/),
  ok("kubectl auth can-i create pods"),
  since(27, "kubectl auth whoami", /unknown command "whoami"/),
  ok("kubectl get --raw /api/v1/namespaces/default/pods/p1"),
  ok("kubectl get --raw /healthz"),
  ok("kubectl get --raw /readyz"),
  ok("kubectl get --raw /openapi/v2"),
  ok("kubectl get --raw /openapi/v3"),
  ok("kubectl get --raw /metrics | head -3"),
  notServed("kubectl logs nginx", /NotFound/, "pods have no logs: no node runs them"),
  notServed(
    "kubectl exec nginx -- ls",
    /could not find the requested resource|unable to upgrade connection/,
    "nothing to execute in",
  ),
  notServed("kubectl port-forward pod/nginx 18080:80", /pod is not running/, "nothing to forward to"),
  notServed("kubectl top pods", /Metrics API not available/, "no metrics server"),
  ok("kubectl get componentstatuses"),
  since(24, "kubectl create token default", /unknown command "token default"/),
  // Several at once.
  ok("kubectl get pods/nginx cm/settings"),
  refused("kubectl get pod nope", /\(NotFound\): pods "nope" not found/, "it does not exist"),
  ok("kubectl get pods nginx p1"),
  since(24, "kubectl get pods --subresource=status nginx", /unknown flag: --subresource/),
  ok("kubectl get pods --ignore-not-found nope"),
  refused(
    "kubectl create -f pod.yaml --dry-run=server --validate=false -o name",
    /pods "nginx" already exists/,
    "it exists already",
  ),
  ok("kubectl create -f pod.yaml --dry-run=client --validate=false -o name"),
  ok("kubectl create cm dry --from-literal=a=1 --dry-run=server"),
  // Services and nodes.
  ok("kubectl expose pod nginx --port=80"),
  ok("kubectl create -f node.yaml --validate=false"),
  ok("kubectl cordon node-1"),
  ok("kubectl uncordon node-1"),
  ok("kubectl drain node-1 --force --timeout=5s"),
  ok("kubectl taint nodes node-1 k=v:NoSchedule"),
  // Deleting.
  ok("kubectl delete pods nginx"),
  refused(
    "kubectl delete pod p1 --grace-period=0 --force",
    /pods "p1" not found/,
    "it was removed with the drained node",
  ),
  ok("kubectl delete pod p2 --now"),
  ok("kubectl delete pods -l app=many"),
  ok("kubectl delete deployment web --cascade=orphan"),
  ok("kubectl delete pods --all"),
  ok("kubectl delete -f cm.yaml"),
  ok("kubectl get pods"),
  ok("kubectl -n team-a create cm x --from-literal=a=1"),
  ok("kubectl -n team-a run rr --image=nginx"),
  ok("kubectl -n team-a get cm,pods"),
  ok("kubectl delete ns team-a --timeout=15s"),
  ok("kubectl get ns"),
  ok("kubectl -n team-a get cm,pods"),
  ok("kubectl get all -A"),
  refused(
    "kubectl create -f pod.yaml -n nowhere --validate=false",
    /namespaces "nowhere" not found/,
    "there is no such namespace",
  ),
  ok("kubectl get clusterroles"),
];
