/*
 * Prepared operators: the table's op_ functions, over the methods of the implementations. cpu.h has
 * the functions that the implementations call.
 */
#ifndef AN_BACKEND_CPU_PREPARED_H
#define AN_BACKEND_CPU_PREPARED_H

#include "backend/cpu/cpu.h"

alexnet_status an_cpu_op_prepare(an_backend *backend, const an_prepare *prepare, an_prepared **out);
alexnet_status an_cpu_op_pack(an_backend *backend, an_prepared *op, const an_op_args *args);
alexnet_status an_cpu_op_forward(an_backend *backend, an_prepared *op, const an_op_args *args);
alexnet_status an_cpu_op_backward(an_backend *backend, an_prepared *op, const an_op_args *args);
void an_cpu_op_free(an_backend *backend, an_prepared *op);

#endif
