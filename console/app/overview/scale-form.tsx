import { Button, NumberInput } from '@mantine/core'
import { useState } from 'react'
import { APP_LIMITS, appRoutes, type Instance } from '#contract/apps.ts'
import { call } from '../../api/api.ts'
import { ErrorNotice } from '../../app-shell/error-notice.tsx'
import { useStartOperation } from '../use-start-operation.ts'
import classes from './scale-form.module.css'

/** How many of the release that serves are there now, by process. */
function countsOf(instances: readonly Instance[], release: number): Record<string, number> {
  const own = instances.filter((one) => one.release === release && one.state !== 'draining')
  return Object.fromEntries(
    Object.entries(Object.groupBy(own, ({ process }) => process)).map(([process, all]) => [
      process,
      all?.length ?? 0,
    ]),
  )
}

/** The number of instances of each process. */
export function ScaleForm(props: {
  readonly app: string
  readonly processes: readonly string[]
  readonly release: number
  readonly instances: readonly Instance[]
}) {
  const { app } = props
  const [wanted, setWanted] = useState<Readonly<Record<string, number>>>({})
  const have = countsOf(props.instances, props.release)
  const scale = useStartOperation(app, () =>
    call(appRoutes.scale, { params: { app }, body: { processes: wanted } }),
  )
  const isChanged = Object.entries(wanted).some(([process, count]) => count !== (have[process] ?? 0))
  return (
    <>
      {scale.error !== null && <ErrorNotice error={scale.error} />}
      <form
        className={classes.form}
        aria-label="Number of instances"
        onSubmit={(event) => {
          event.preventDefault()
          if (isChanged) scale.mutate()
        }}
      >
        {props.processes.map((process) => (
          <NumberInput
            key={process}
            label={process}
            w={96}
            size="xs"
            min={0}
            max={APP_LIMITS.instancesPerProcess}
            clampBehavior="strict"
            allowDecimal={false}
            value={wanted[process] ?? have[process] ?? 0}
            onChange={(count) => setWanted({ ...wanted, [process]: Number(count) })}
          />
        ))}
        <Button type="submit" size="xs" variant="default" disabled={!isChanged} loading={scale.isPending}>
          Scale
        </Button>
      </form>
    </>
  )
}
