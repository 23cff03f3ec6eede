{{/*
Sidecar that writes the number of participants to its pod. Passwords and tokens go to
curl by its standard input, that no list of processes shows them.
*/}}
{{- define "livekit.deletionCost" -}}
- name: deletion-cost
  image: {{ printf "%s:%s" .Values.deletionCost.image.repository (toString .Values.deletionCost.image.tag) }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [sh, -c]
  args:
    - |-
      trap 'exit 0' TERM
      account=/var/run/secrets/deletion-cost
      case $KUBERNETES_SERVICE_HOST in
        *:*) host=[$KUBERNETES_SERVICE_HOST] ;;
        *) host=$KUBERNETES_SERVICE_HOST ;;
      esac
      pod=https://$host:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/$POD_NAMESPACE/pods/$POD_NAME
      quoted() { printf %s "$1" | sed 's/["\\]/\\&/g'; }
      metrics() {
        {{- if .Values.metrics.existingSecret }}
        printf 'user = "%s:%s"' "$(quoted "$METRICS_USERNAME")" "$(quoted "$METRICS_PASSWORD")" |
          curl -fsS -m 5 -K - http://127.0.0.1:{{ include "livekit.metricsPort" . }}/
        {{- else }}
        curl -fsS -m 5 http://127.0.0.1:{{ include "livekit.metricsPort" . }}/
        {{- end }}
      }
      written=
      while :; do
        cost=$(metrics | awk '/^livekit_participant_total/ { printf "%d", $2 }')
        if [ -n "$cost" ] && [ "$cost" != "$written" ]; then
          printf 'header = "Authorization: Bearer %s"' "$(cat $account/token)" |
            curl -fsS -m 5 -o /dev/null -K - --cacert $account/ca.crt -X PATCH \
              -H 'Content-Type: application/merge-patch+json' \
              -d "{\"metadata\":{\"annotations\":{\"controller.kubernetes.io/pod-deletion-cost\":\"$cost\"}}}" "$pod" &&
            written=$cost
        fi
        sleep {{ .Values.deletionCost.intervalSeconds | int }} &
        wait $!
      done
  env:
    - name: POD_NAME
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
    - name: POD_NAMESPACE
      valueFrom:
        fieldRef:
          fieldPath: metadata.namespace
    {{- with .Values.metrics.existingSecret }}
    - name: METRICS_USERNAME
      valueFrom:
        secretKeyRef:
          name: {{ . }}
          key: username
    - name: METRICS_PASSWORD
      valueFrom:
        secretKeyRef:
          name: {{ . }}
          key: password
    {{- end }}
  {{- with .Values.securityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  resources:
    requests: {cpu: 5m, memory: 16Mi}
    limits: {cpu: 100m, memory: 64Mi}
  volumeMounts:
    - name: deletion-cost
      mountPath: /var/run/secrets/deletion-cost
      readOnly: true
{{- end }}

{{/*
The token of the pods' account, for that sidecar alone.
*/}}
{{- define "livekit.deletionCostVolume" -}}
- name: deletion-cost
  projected:
    defaultMode: 0444
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
{{- end }}
