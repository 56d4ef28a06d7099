import { Button, type ButtonProps, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type ReactNode, useState } from 'react'
import { ErrorNotice } from './error-notice.tsx'

/** A button that says what will happen before it does it; what can't be undone asks for the name, too. */
export function ConfirmButton(props: {
  readonly label: string
  readonly title: string
  readonly children: ReactNode
  readonly action: () => void
  readonly pending: boolean
  readonly error: unknown
  /** Has to be typed before the action can be confirmed. */
  readonly name?: string
  readonly look?: ButtonProps
}) {
  const [opened, { open, close }] = useDisclosure(false)
  return (
    <>
      <Button size="xs" variant="default" {...props.look} onClick={open}>
        {props.label}
      </Button>
      <Modal opened={opened} onClose={close} title={props.title}>
        <Question {...props} onClose={close} />
      </Modal>
    </>
  )
}

function Question(props: Parameters<typeof ConfirmButton>[0] & { readonly onClose: () => void }) {
  const [typed, setTyped] = useState('')
  const isConfirmed = props.name === undefined || typed === props.name
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isConfirmed) props.action()
      }}
    >
      <Stack gap="md">
        <Text size="sm" component="div">
          {props.children}
        </Text>
        {props.name !== undefined && (
          <TextInput
            label={`Type ${props.name} to confirm`}
            value={typed}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        {props.error !== null && <ErrorNotice error={props.error} />}
        <Group justify="end" gap="xs">
          <Button variant="default" onClick={props.onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            color={props.look?.color ?? 'iris'}
            loading={props.pending}
            disabled={!isConfirmed}
          >
            {props.label}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
