/*
 * Ports: where a prepared operator meets its neighbours. Outside is the layout that the neighbours
 * were promised, inside the one that the operator computes in. A port reorders through a buffer in
 * the operator's scratch if the two differ, and costs nothing if they do not.
 */
#ifndef AN_BACKEND_CPU_PORT_H
#define AN_BACKEND_CPU_PORT_H

#include "backend/cpu/cpu.h"
#include "backend/cpu/primitive.h"

typedef struct an_port {
    an_primitive *reorder; /* NULL: both sides are the same */
    size_t at;             /* offset of the inner tensor in scratch */
} an_port;

/** The descriptor of a layout, the caller's; NULL if memory is short. */
an_md an_layout_md(an_layout layout);
dnnl_data_type_t an_dtype_dnnl(an_dtype dtype);
/** Set layout->kind to the one that a descriptor of its shape and dtype has.
 *  @return ALEXNET_ERROR_UNSUPPORTED if it is none of an_layout_kind, or _NO_MEMORY */
alexnet_status an_layout_from_md(an_layout *layout, an_md md);

/** A port for tensors that come in: reorders from outside to inside. */
alexnet_status an_port_entry(an_port *port, an_cpu_op *op, an_md outer, an_md inner);
/** A port for tensors that go out. */
alexnet_status an_port_exit(an_port *port, an_cpu_op *op, an_md inner, an_md outer);
/** The same between two layouts. */
alexnet_status an_port_entry_layout(an_port *port, an_cpu_op *op, an_layout outer, an_layout inner);
alexnet_status an_port_exit_layout(an_port *port, an_cpu_op *op, an_layout inner, an_layout outer);
void an_port_free(an_port *port);

/** Take in *tensor: on return it points to the inner form. */
alexnet_status an_port_enter(const an_port *port, const an_cpu_op *op, const an_op_args *args,
                             const void **tensor);
/** Where the operator writes its inner tensor. */
void *an_port_target(const an_port *port, const an_op_args *args, void *outer);
/** Bring what was written there to the outside. */
alexnet_status an_port_leave(const an_port *port, const an_cpu_op *op, const an_op_args *args,
                             void *outer);

#endif
