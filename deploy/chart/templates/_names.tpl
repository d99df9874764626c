{{- define "brief.name" -}}
{{- printf "%s-sahel-brief" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "brief.selector" -}}
app.kubernetes.io/name: sahel-brief
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "brief.labels" -}}
{{ include "brief.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "brief.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* What no container here needs. */}}
{{- define "brief.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* A claim of one node's disk: (dict "name" … "root" $ "volume" .Values.data) */}}
{{- define "brief.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .name }}
  labels:
    {{- include "brief.labels" .root | nindent 4 }}
  annotations:
    helm.sh/resource-policy: keep
spec:
  accessModes: [ReadWriteOnce]
  {{- with .volume.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .volume.size }}
{{- end -}}
