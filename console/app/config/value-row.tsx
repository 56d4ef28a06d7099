import { ActionIcon, Badge, TextInput, Tooltip } from '@mantine/core'
import { ResetIcon, TrashIcon } from '@radix-ui/react-icons'
import type { ConfigRow } from './config-draft.ts'
import classes from './value-row.module.css'

/** One value: to change, to remove, and to take either back. */
export function ValueRow(props: {
  readonly row: ConfigRow
  readonly onChange: (value: string) => void
  readonly onRemove: () => void
  readonly onUndo: () => void
}) {
  const { name, value, change } = props.row
  const isChanged = change !== 'none'
  const [label, icon, act] = isChanged
    ? ([`Undo the change of ${name}`, <ResetIcon key="undo" aria-hidden />, props.onUndo] as const)
    : ([`Remove ${name}`, <TrashIcon key="remove" aria-hidden />, props.onRemove] as const)
  return (
    <div className={classes.row}>
      <TextInput
        className={classes.field ?? ''}
        label={name}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        value={value ?? ''}
        placeholder={value === undefined ? '•••••••• hidden; type a new value' : 'empty'}
        disabled={change === 'removed'}
        onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        rightSectionWidth={90}
        rightSection={
          isChanged && (
            <Badge size="sm" variant="light" color={change === 'removed' ? 'red' : 'iris'}>
              {change}
            </Badge>
          )
        }
      />
      <Tooltip label={label}>
        <ActionIcon variant="subtle" color="gray" size="lg" onClick={act} aria-label={label}>
          {icon}
        </ActionIcon>
      </Tooltip>
    </div>
  )
}
