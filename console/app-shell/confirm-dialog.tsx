import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { ErrorNotice } from './error-notice.tsx'

interface ConfirmProps {
  /** Name of what ends, to be typed; null: closed. */
  readonly subject: string | null
  readonly title: string
  readonly consequence: string
  readonly action: string
  readonly isPending: boolean
  readonly error: unknown
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks for the name of what will be gone. */
export function ConfirmDialog(props: ConfirmProps) {
  return (
    <Modal opened={props.subject !== null} onClose={props.onClose} title={props.title}>
      {props.subject !== null && <ConfirmForm {...props} subject={props.subject} />}
    </Modal>
  )
}

function ConfirmForm(props: ConfirmProps & { readonly subject: string }) {
  const [typed, setTyped] = useState('')
  const isRight = typed.trim() === props.subject
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isRight) props.onConfirm()
      }}
    >
      <Stack gap="md">
        <Text size="sm">{props.consequence}</Text>
        {props.error !== null && <ErrorNotice error={props.error} />}
        <TextInput
          data-autofocus
          label={
            <>
              Type <bdi>{props.subject}</bdi> to confirm
            </>
          }
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={props.onClose}>
            Cancel
          </Button>
          <Button type="submit" color="red" disabled={!isRight} loading={props.isPending}>
            {props.action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
