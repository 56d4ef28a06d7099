import { Button, SegmentedControl, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { Explanation } from '#contract/network-api.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { refusedField } from '../app-shell/refused-field.ts'
import { StateBadge } from '../app-shell/state-badge.tsx'
import classes from './explain-form.module.css'
import type { Pair } from './pair.ts'

/** A connection that is asked about. */
export interface Question extends Pair {
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

interface EndsProps {
  readonly pair: Pair
  readonly onChange: (pair: Pair) => void
  readonly names: readonly string[]
  /** Who asks is not chosen where it is always the same. */
  readonly fixedFrom?: boolean
}

/** Asks whether a connection is allowed, and by which rule. `from` and `to` are what is chosen on the map, too. */
export function ExplainForm(
  props: EndsProps & { readonly ask: (question: Question) => Promise<Explanation> },
) {
  const { pair, ask } = props
  const [port, setPort] = useState('443')
  const [protocol, setProtocol] = useState<'tcp' | 'udp'>('tcp')
  const asking = useMutation({ mutationFn: ask })
  const refused = refusedField(asking.error)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        asking.mutate({ ...pair, port: Number(port), protocol })
      }}
    >
      <Stack gap="sm">
        <div className={classes.form}>
          <Ends {...props} refused={refused} />
          <TextInput
            label="Port"
            inputMode="numeric"
            value={port}
            error={refused === 'port'}
            onChange={({ currentTarget }) => setPort(currentTarget.value)}
          />
          <SegmentedControl
            size="sm"
            aria-label="Protocol"
            data={['tcp', 'udp']}
            value={protocol}
            onChange={(value) => setProtocol(value === 'udp' ? 'udp' : 'tcp')}
          />
          <Button type="submit" className={classes.send ?? ''} loading={asking.isPending}>
            Explain
          </Button>
        </div>
        {asking.error && <ErrorNotice error={asking.error} />}
        <div role="status">{asking.data && <Answer answer={asking.data} />}</div>
      </Stack>
    </form>
  )
}

function Ends(props: EndsProps & { readonly refused: string | undefined }) {
  const { pair, onChange, refused } = props
  const list = useId()
  return (
    <>
      <datalist id={list}>
        {props.names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <TextInput
        label="Who asks"
        placeholder="app:shop"
        list={list}
        readOnly={props.fixedFrom ?? false}
        value={pair.from}
        error={refused === 'from'}
        onChange={({ currentTarget }) => onChange({ ...pair, from: currentTarget.value.trim() })}
      />
      <TextInput
        label="Whom"
        placeholder="a group, a name or an address"
        list={list}
        value={pair.to}
        error={refused === 'to'}
        onChange={({ currentTarget }) => onChange({ ...pair, to: currentTarget.value.trim() })}
      />
    </>
  )
}

const Answer = ({ answer: { allowed, judged, sentence } }: { readonly answer: Explanation }) => (
  <p className={classes.answer}>
    <StateBadge state={allowed ? 'allowed' : judged ? 'refused' : 'not judged'} />
    <bdi>{sentence}</bdi>
  </p>
)
