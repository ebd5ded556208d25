/*
 * Inference device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + property "bridge_mem": name of the shared memory for questions
 *  + property "state_mem": name of the shared memory for access records
 *  + property "timeout_ms": how long a daemon may be silent
 *  + property "on-timeout": what an unanswered question becomes: "stop"
 *    pauses the machine, "zero" lets the address read as zero and ignore
 *    writes, "abort" gives the guest its bus error
 *  + property "window": "FIRST-LAST", the addresses whose holes are asked
 *    about; all of them unless given
 *  + property "profile": a .ptab to apply when the device is created
 *  + property "stall-reads": unchanged reads in a row that are a stall, 0 none
 *  + property "ask-crash": ask at the vector of a synchronous exception
 *  + property "ask-unimplemented": ask about what the machine only stubs
 *  + property "records": capacity of the ring of access records
 *  + property "stats": file that gets the counters as JSON at exit
 *  + QOM property "load": writing the name of a .ptab applies it
 *
 * Pauses the machine at an instruction whose access nothing answers, asks a
 * daemon about it, applies the answer, and lets the instruction run again.
 * TCG only. See runtime/PROTOCOL.md for what passes between the two.
 */
#ifndef HW_PERIPH_INFERENCE_DEVICE_H
#define HW_PERIPH_INFERENCE_DEVICE_H

#include "qom/object.h"

/* A stub of the machine that is asked about. */
#define TYPE_INFERENCE_CLAIM "inference-claim"

#define TYPE_INFERENCE_DEVICE "inference-device"
OBJECT_DECLARE_SIMPLE_TYPE(InferenceDevice, INFERENCE_DEVICE)

#endif
