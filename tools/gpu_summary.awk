# What a table of tools/gpu.sh shows: rows for docs/performance.md, and which targets for an H200 are met.
# PyTorch's lines have a way between batch and milliseconds.

function value(table, key, form)
{
    return key in table ? sprintf(form, table[key]) : ""
}
function row(net, mode, batch,    key)
{
    key = net " " mode " " batch
    printf "| %s | %s | %d | %s | %s | %s | %s | %s | %s |\n", net, mode, batch, value(ms, key, "%.3f"),
        value(per_second, key, "%d"), value(ways, key " graph", "%.2f"), value(ways, key " compile+graph", "%.2f"),
        value(ways, key " autotune+graph", "%.2f"),
        key in ms && key in peer ? sprintf("%.2f times as fast", peer[key] / ms[key]) : ""
}
function target(what, got, wanted, met)
{
    printf "target: %s: %s, wanted %s: %s\n", what, got, wanted, got == "?" ? "not measured" : met ? "met" : "missed"
}
function beside_peer(net, batch, times,    key)
{
    key = net " train " batch
    if (key in ms && key in peer)
        target(key ", times PyTorch, " way[key], sprintf("%.2f", peer[key] / ms[key]), times, peer[key] >= times * ms[key])
    else
        target(key ", times PyTorch", "?", times)
}
function rate(net, mode, batch, least,    key)
{
    key = net " " mode " " batch
    target(key ", images/s", key in per_second ? per_second[key] : "?", least, per_second[key] >= least)
}

NF == 6 && $3 == "bf16" && !(($1 " " $2 " " $4) in ms) { ms[$1 " " $2 " " $4] = $5; per_second[$1 " " $2 " " $4] = $6 }
NF == 6 && $3 ~ /^[0-9]+$/ && $5 ~ /^[0-9.]+$/ {
    key = $1 " " $2 " " $3
    ways[key " " $4] = $5
    if (!(key in peer) || $5 < peer[key]) {
        peer[key] = $5
        way[key] = $4
    }
}
/^[|] alexnet/ { part[$2 " " $4]++; slow += $(NF - 1) > 1.5 }

END {
    print "rows: network, mode, batch, ours in ms, images/s, PyTorch graph in ms, compiled, autotuned, ours is"
    for (i = split("alexnet-owt alexnet", nets, " "); i > 0; i--) {
        net = nets[i]
        for (j = split("2048 512 128", batches, " "); j > 0; j--)
            row(net, "train", batches[j])
        for (j = split("2048 128 1", batches, " "); j > 0; j--)
            row(net, "infer", batches[j])
    }
    for (i = split("alexnet-owt alexnet", nets, " "); i > 0; i--) {
        net = nets[i]
        beside_peer(net, 512, net == "alexnet" ? 3 : 2)
        beside_peer(net, 2048, net == "alexnet" ? 3 : 2)
        rate(net, "train", 512, 40000)
        rate(net, "infer", 2048, 150000)
        key = net " infer 1"
        target(key ", ms", key in ms ? ms[key] : "?", 0.25, ms[key] <= 0.25)
    }
    listed = 0
    for (key in part)
        listed++
    target("parts above 1.5 times their floor", slow || listed == 4 ? slow + 0 : "?", 0, !slow)
}
