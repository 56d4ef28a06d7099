import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { ProcessType } from '#contract/ids.ts'
import { ErrorNotice } from '../../app-shell/error-notice.tsx'
import { Panel } from '../../app-shell/panel.tsx'
import { instancesQuery } from '../app-queries.ts'
import { LineList } from '../lines/line-list.tsx'
import { useLogs } from './use-logs.ts'

/** What an app prints, as it prints it. */
export function LogsPage() {
  const { app } = useParams({ from: '/signed-in/apps/$app/logs' })
  const [process, setProcess] = useState<ProcessType | null>(null)
  const { buffer, error } = useLogs(app, process)
  return (
    <Panel
      title="Logs"
      note="What the instances print, the newest at the end. Times are UTC."
      actions={<ProcessChoice app={app} value={process} onChange={setProcess} />}
    >
      {error !== undefined && <ErrorNotice error={error} />}
      <LineList
        buffer={buffer}
        label={`Logs of ${app}`}
        empty="Nothing printed yet. Lines appear here by themselves."
      />
    </Panel>
  )
}

function ProcessChoice(props: {
  readonly app: string
  readonly value: ProcessType | null
  readonly onChange: (process: ProcessType | null) => void
}) {
  const instances = useQuery(instancesQuery(props.app)).data?.instances ?? []
  const processes = [...new Set(instances.map(({ process }) => process))].sort()
  return (
    <Select
      aria-label="Process"
      size="xs"
      w={160}
      placeholder="All processes"
      clearable
      data={processes}
      value={props.value}
      onChange={(value) => props.onChange(value as ProcessType | null)}
    />
  )
}
